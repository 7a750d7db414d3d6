/** Postgres protocol 3 messages: building them, and reading whole ones. Pure. */
import { type MessageSink, Walker } from './walker.js';

/** Message type bytes, as the protocol documentation names them. */
export const frontend = {
  query: 0x51, // Q
  parse: 0x50, // P
  bind: 0x42, // B
  describe: 0x44, // D
  execute: 0x45, // E
  close: 0x43, // C
  flush: 0x48, // H
  sync: 0x53, // S
  functionCall: 0x46, // F
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyFail: 0x66, // f
  password: 0x70, // p
  terminate: 0x58, // X
} as const;

export const backend = {
  authentication: 0x52, // R
  parameterStatus: 0x53, // S
  backendKeyData: 0x4b, // K
  readyForQuery: 0x5a, // Z
  errorResponse: 0x45, // E
  noticeResponse: 0x4e, // N
  notificationResponse: 0x41, // A
  dataRow: 0x44, // D
  rowDescription: 0x54, // T
  commandComplete: 0x43, // C
  copyInResponse: 0x47, // G
  copyBothResponse: 0x57, // W
  negotiateProtocolVersion: 0x76, // v
} as const;

/** One message with its type byte. */
export function message(type: number, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)),
  );
  const head = Buffer.alloc(5);
  head[0] = type;
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

const zero = Buffer.from([0]);

/** A zero-terminated string; a zero inside would end it early and is taken out. */
function text(value: string): Buffer {
  return Buffer.from(`${value.replaceAll('\0', '')}\0`, 'utf8');
}

export const syncMessage = message(frontend.sync);
export const terminateMessage = message(frontend.terminate);

export function queryMessage(sql: string): Buffer {
  return message(frontend.query, text(sql));
}

/** @param parameterOids type OIDs of the parameters; 0 = let the server infer */
export function parseMessage(name: string, sql: string, parameterOids: readonly number[]): Buffer {
  return message(
    frontend.parse,
    text(name),
    text(sql),
    int16(parameterOids.length),
    ...parameterOids.map(int32),
  );
}

/** Runs one statement through the unnamed statement and portal; the server takes no second one. */
export function executeOnce(sql: string): Buffer {
  const bind = message(frontend.bind, zero, zero, int16(0), int16(0), int16(0));
  const execute = message(frontend.execute, zero, int32(0));
  return Buffer.concat([parseMessage('', sql, []), bind, execute, syncMessage]);
}

export function startupMessage(parameters: ReadonlyMap<string, string>): Buffer {
  const body = Buffer.concat([
    int32(0x00030000),
    ...[...parameters].flatMap(([name, value]) => [text(name), text(value)]),
    zero,
  ]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export function cancelRequestMessage(processId: number, secret: number): Buffer {
  return Buffer.concat([int32(16), int32(80877102), int32(processId), int32(secret)]);
}

export function authenticationMessage(code: number, rest: Buffer = Buffer.alloc(0)): Buffer {
  return message(backend.authentication, int32(code), rest);
}

export function parameterStatusMessage(name: string, value: string): Buffer {
  return message(backend.parameterStatus, text(name), text(value));
}

export function backendKeyDataMessage(processId: number, secret: number): Buffer {
  return message(backend.backendKeyData, int32(processId), int32(secret));
}

export function readyForQueryMessage(status: 'I' | 'T' | 'E'): Buffer {
  return message(backend.readyForQuery, status);
}

export interface ErrorFields {
  readonly severity: 'ERROR' | 'FATAL' | 'WARNING';
  readonly code: string;
  readonly message: string;
}

export function errorMessage(fields: ErrorFields): Buffer {
  return told(backend.errorResponse, fields);
}

export function noticeMessage(fields: ErrorFields): Buffer {
  return told(backend.noticeResponse, fields);
}

function told(type: number, fields: ErrorFields): Buffer {
  return message(
    type,
    ...[`S${fields.severity}`, `V${fields.severity}`, `C${fields.code}`, `M${fields.message}`].map(
      text,
    ),
    zero,
  );
}

const textOid = 25;

/** The answer to a SELECT up to its end, all values as text; ReadyForQuery is not in it. */
export function textAnswer(
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
): Buffer {
  const description = columns.flatMap((name) => [
    ...[text(name), int32(0), int16(0), int32(textOid)],
    ...[int16(0xffff), int32(-1), int16(0)],
  ]);
  const data = rows.map((row) =>
    message(backend.dataRow, int16(row.length), ...row.map(columnValue)),
  );
  return Buffer.concat([
    message(backend.rowDescription, int16(columns.length), ...description),
    ...data,
    message(backend.commandComplete, text(`SELECT ${rows.length}`)),
  ]);
}

function columnValue(value: string | null): Buffer {
  if (value === null) return int32(-1);
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([int32(bytes.length), bytes]);
}

/** Field letter -> value of an ErrorResponse or NoticeResponse body. */
export function parseErrorFields(body: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const end = body.indexOf(0, at + 1);
    if (end === -1) break;
    fields.set(String.fromCharCode(body[at] as number), body.toString('utf8', at + 1, end));
    at = end + 1;
  }
  return fields;
}

/** Reads zero-terminated strings from a body until it ends. */
export function cStrings(body: Buffer): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < body.length) {
    const end = body.indexOf(0, at);
    if (end === -1) break;
    found.push(body.toString('utf8', at, end));
    at = end + 1;
  }
  return found;
}

/** The columns of a DataRow in text format; null = SQL NULL. A malformed row gives what it can. */
export function parseDataRow(body: Buffer): (string | null)[] {
  if (body.length < 2) return [];
  const columns: (string | null)[] = [];
  let at = 2;
  for (let left = body.readUInt16BE(0); left > 0 && at + 4 <= body.length; left--) {
    const length = body.readInt32BE(at);
    at += 4;
    if (length < 0) {
      columns.push(null);
      continue;
    }
    columns.push(body.toString('utf8', at, at + length));
    at += length;
  }
  return columns;
}

export interface WholeMessage {
  readonly type: number;
  readonly body: Buffer;
}

/** Collects whole messages, for talks that are short: greeting, examination, restoring. */
export class MessageReader {
  readonly #walker: Walker;
  #ready: WholeMessage[] = [];
  #tooLarge: string | undefined;

  /** @param bodyBytesMax a larger body is a violation: nobody may make us hold it */
  constructor(bodyBytesMax: number) {
    const sink: MessageSink = {
      wants: (type, bodyBytes) => {
        if (bodyBytes <= bodyBytesMax) return bodyBytes;
        this.#tooLarge = `message ${String.fromCharCode(type)} of ${bodyBytes} bytes`;
        return 0;
      },
      message: (type, _bodyBytes, bytes, from, to) => {
        this.#ready.push({ type, body: bytes.subarray(from, to) });
      },
    };
    this.#walker = new Walker(sink);
  }

  get violation(): string | undefined {
    return this.#tooLarge ?? this.#walker.violation;
  }

  get atBoundary(): boolean {
    return this.#walker.atBoundary;
  }

  /**
   * Takes bytes and gives the messages now whole, at most `most` of them; what follows the last
   * one stays unread.
   * @returns the messages and how many bytes of the chunk were read
   */
  push(chunk: Buffer, most = Number.POSITIVE_INFINITY): { messages: WholeMessage[]; read: number } {
    let at = 0;
    while (at < chunk.length && this.violation === undefined && this.#complete() < most)
      at = this.#walker.walk(chunk, at, true);
    const whole = this.#complete();
    const messages = this.#ready.splice(0, whole);
    return { messages, read: at };
  }

  /** The sink hears of a message when its body is whole, so all that are ready are complete. */
  #complete(): number {
    return this.#ready.length;
  }
}
