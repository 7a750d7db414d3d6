/** Payloads and packets that servers and clients send after the handshake. Pure. */
import { serverStatus } from './capabilities.js';
import { command } from './commands.js';
import { packet } from './packets.js';
import { lengthEncodedInteger, PayloadReader, uint16 } from './values.js';

export interface OkFields {
  readonly affectedRows?: number;
  readonly lastInsertId?: number | bigint;
  /** Default: autocommit. */
  readonly status?: number;
  readonly warnings?: number;
  readonly info?: string;
}

/** An OK packet. @param sequence one more than that of what it answers */
export function okPacket(sequence: number, fields: OkFields = {}): Buffer {
  return packet(
    sequence,
    Buffer.from([0]),
    lengthEncodedInteger(fields.affectedRows ?? 0),
    lengthEncodedInteger(fields.lastInsertId ?? 0),
    uint16(fields.status ?? serverStatus.autocommit),
    uint16(fields.warnings ?? 0),
    fields.info ?? '',
  );
}

export interface ServerError {
  /** Such as 1053. */
  readonly number: number;
  /** Five characters, such as `08S01`; empty where a server sent none (before the handshake). */
  readonly sqlState: string;
  readonly text: string;
}

/** An ERR packet. @param sequence one more than that of what it answers */
export function errPacket(sequence: number, error: ServerError): Buffer {
  const state = error.sqlState === '' ? '' : `#${error.sqlState}`;
  return packet(sequence, Buffer.from([0xff]), uint16(error.number), state, error.text);
}

/** What an OK payload, or one that ends rows, says at its beginning. */
export interface OkHead {
  readonly affectedRows: number;
  readonly lastInsertId: bigint;
  readonly status: number;
  readonly warnings: number;
  /** Where info and session state follow. */
  readonly bytes: number;
}

/** Reads an OK payload, with 0x00 or 0xfe at its beginning, or an EOF; undefined if it is none. */
export function parseOk(payload: Buffer): OkHead | undefined {
  const reader = new PayloadReader(payload);
  const first = reader.integer(1);
  if (first !== 0 && first !== 0xfe) return undefined;
  if (first === 0xfe && payload.length === 5) {
    const warnings = payload.readUInt16LE(1);
    return {
      affectedRows: 0,
      lastInsertId: 0n,
      status: payload.readUInt16LE(3),
      warnings,
      bytes: 5,
    };
  }
  const affectedRows = reader.lengthEncodedBigInt();
  const lastInsertId = reader.lengthEncodedBigInt();
  const status = reader.integer(2);
  const warnings = reader.integer(2);
  if (affectedRows === undefined || lastInsertId === undefined) return undefined;
  if (status === undefined || warnings === undefined) return undefined;
  return {
    affectedRows: Number(affectedRows),
    lastInsertId: BigInt(lastInsertId),
    status,
    warnings,
    bytes: reader.at,
  };
}

/** Reads an ERR payload; undefined if it is none. */
export function parseErr(payload: Buffer): ServerError | undefined {
  if (payload.length < 3 || payload[0] !== 0xff) return undefined;
  const number = payload.readUInt16LE(1);
  const hasState = payload[3] === 0x23 && payload.length >= 9;
  return {
    number,
    sqlState: hasState ? payload.toString('latin1', 4, 9) : '',
    text: payload.toString('utf8', hasState ? 9 : 3),
  };
}

/** What COM_STMT_PREPARE_OK says. */
export interface PreparedStatement {
  readonly id: number;
  readonly parameters: number;
  readonly columns: number;
}

export function parsePrepared(payload: Buffer): PreparedStatement | undefined {
  if (payload.length < 9 || payload[0] !== 0) return undefined;
  return {
    id: payload.readUInt32LE(1),
    columns: payload.readUInt16LE(5),
    parameters: payload.readUInt16LE(7),
  };
}

/** Commands of the client, whole packets. They begin a talk: their sequence number is 0. */
export function comQuery(sql: string): Buffer {
  return packet(0, Buffer.from([command.query]), sql);
}

export const quitPacket = packet(0, Buffer.from([command.quit]));

/** The values of a text-protocol row; null = SQL NULL. A malformed row gives what it can. */
export function parseTextRow(payload: Buffer): (string | null)[] {
  const reader = new PayloadReader(payload);
  const values: (string | null)[] = [];
  while (reader.left > 0) {
    const value = reader.lengthEncodedOrNull();
    if (value === undefined) break;
    values.push(value === null ? null : value.toString('utf8'));
  }
  return values;
}
