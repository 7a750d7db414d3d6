/** The endpoint's own connection to the server, opened in a session's name. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import type { ServerAddress } from '../../server/server.js';
import { md5Answer, md5Verifier } from '../../wire/postgres/md5.js';
import {
  backend,
  cStrings,
  frontend,
  int32,
  message,
  parseErrorFields,
  startupMessage,
} from '../../wire/postgres/messages.js';
import { ScramClient } from '../../wire/postgres/scram.js';
import { HandshakeError, HandshakeReader } from '../handshake-reader.js';
import { openServerSocket } from '../server-socket.js';
import type { Credentials } from './authenticate.js';
import { takeMessage } from './take-message.js';

/** A server connection that is ready for queries. */
export interface Upstream {
  readonly socket: Socket;
  readonly processId: number;
  readonly secret: number;
  /** Settings that the server reported, by name. */
  readonly reported: Map<string, string>;
}

/** The server itself refused, in its own words. */
export class UpstreamRefused extends Error {
  /** @param response the ErrorResponse as it came, to be handed to the client */
  constructor(
    readonly response: Buffer,
    readonly code: string,
    text: string,
  ) {
    super(text);
  }
}

export interface UpstreamOptions {
  readonly address: ServerAddress;
  /** The client's own startup parameters. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Connects and logs in.
 * @throws UpstreamRefused with the server's error; HandshakeError when it cannot be reached or
 *   does not answer in time
 */
export async function openUpstream(options: UpstreamOptions): Promise<Upstream> {
  const socket = openServerSocket(options.address);
  const reader = new HandshakeReader(socket);
  const limit = options.clock.timer(options.timeoutMs, () =>
    reader.abort(`no answer from the server within ${options.timeoutMs} ms`),
  );
  try {
    socket.write(startupMessage(options.parameters));
    await logIn(reader, options);
    const upstream = await settle(reader, socket);
    const unread = reader.detach();
    if (unread.length > 0) socket.unshift(unread);
    return upstream;
  } catch (error) {
    reader.detach();
    socket.on('error', () => {});
    socket.destroy();
    throw error;
  } finally {
    limit.cancel();
  }
}

async function logIn(reader: HandshakeReader, options: UpstreamOptions): Promise<void> {
  let scram: ScramClient | undefined;
  for (;;) {
    const { type, body } = await reader.next(takeMessage);
    refuse(type, body);
    if (type !== backend.authentication) continue;
    const kind = body.length >= 4 ? body.readInt32BE(0) : -1;
    if (kind === 0) return;
    if (kind === 3 && options.credentials.password !== undefined)
      reader.socket.write(message(frontend.password, `${options.credentials.password}\0`));
    else if (kind === 5) reader.socket.write(answerMd5(options, body.subarray(4, 8)));
    else if (kind === 10) {
      const keys = options.credentials.scram;
      if (keys === undefined) throw cannotLogIn();
      scram = new ScramClient(keys, randomBytes(18).toString('base64'));
      const first = Buffer.from(scram.first(), 'utf8');
      reader.socket.write(
        message(frontend.password, 'SCRAM-SHA-256\0', int32(first.length), first),
      );
    } else if (kind === 11 && scram !== undefined) {
      const final = scram.final(body.toString('utf8', 4));
      if (final === undefined) throw cannotLogIn();
      reader.socket.write(message(frontend.password, final));
    } else if (kind === 12 && scram !== undefined) {
      if (!scram.accepts(body.toString('utf8', 4))) throw cannotLogIn();
    } else throw cannotLogIn();
  }
}

function answerMd5({ credentials, parameters }: UpstreamOptions, salt: Buffer): Buffer {
  const { md5Hex, password } = credentials;
  const verifier =
    md5Hex ??
    (password === undefined ? undefined : md5Verifier(parameters.get('user') ?? '', password));
  if (verifier === undefined) throw cannotLogIn();
  return message(frontend.password, `${md5Answer(verifier, salt)}\0`);
}

function cannotLogIn(): HandshakeError {
  return new HandshakeError(
    '28000',
    'the endpoint cannot log in to the server for this session: the role has changed',
  );
}

function refuse(type: number, body: Buffer): void {
  if (type !== backend.errorResponse) return;
  const fields = parseErrorFields(body);
  throw new UpstreamRefused(
    message(backend.errorResponse, body),
    fields.get('C') ?? '',
    fields.get('M') ?? 'the server refused the connection',
  );
}

async function settle(reader: HandshakeReader, socket: Socket): Promise<Upstream> {
  const reported = new Map<string, string>();
  let processId = 0;
  let secret = 0;
  for (;;) {
    const { type, body } = await reader.next(takeMessage);
    refuse(type, body);
    if (type === backend.parameterStatus) {
      const [name, value] = cStrings(body);
      if (name !== undefined && value !== undefined) reported.set(shared(name), shared(value));
    } else if (type === backend.backendKeyData && body.length >= 8) {
      processId = body.readInt32BE(0);
      secret = body.readInt32BE(4);
    } else if (type === backend.readyForQuery) return { socket, processId, secret, reported };
  }
}

/** Thousands of sessions report the same few strings: keep one of each. */
const sharedStrings = new Map<string, string>();
const sharedStringsMax = 1_000;

function shared(text: string): string {
  const known = sharedStrings.get(text);
  if (known !== undefined) return known;
  if (sharedStrings.size < sharedStringsMax) sharedStrings.set(text, text);
  return text;
}
