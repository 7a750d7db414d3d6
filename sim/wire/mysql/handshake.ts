/**
 * The connection phase: greeting of the server, response of the client, and the packets with
 * which they go over to another way of authentication. Payloads without header; `packet` puts
 * one before them. Pure.
 */
import { capability, has, withBits } from './capabilities.js';
import { command } from './commands.js';
import {
  lengthEncodedBytes,
  lengthEncodedInteger,
  PayloadReader,
  uint16,
  uint32,
  zeroTerminated,
} from './values.js';

/** How many random bytes a server greets with. None of them may be zero. */
export const nonceBytes = 20;

/** Initial Handshake, protocol version 10. */
export interface Greeting {
  /** As it goes over the wire, see `shownVersion`. */
  readonly serverVersion: string;
  readonly connectionId: number;
  /** 20 bytes. */
  readonly nonce: Buffer;
  readonly capabilities: number;
  /**
   * MariaDB's own capabilities. Clients look at them only where `capability.mysql` is not set, as
   * MariaDB servers leave it; 0 = none.
   */
  readonly mariadbCapabilities: number;
  readonly charset: number;
  readonly status: number;
  /** Such as `caching_sha2_password`. */
  readonly plugin: string;
}

export function buildGreeting(greeting: Greeting): Buffer {
  const { capabilities } = greeting;
  const isMysql = has(capabilities, capability.mysql);
  return Buffer.concat([
    Buffer.from([10]),
    zeroTerminated(greeting.serverVersion),
    uint32(greeting.connectionId),
    greeting.nonce.subarray(0, 8),
    Buffer.from([0]),
    uint16(capabilities),
    Buffer.from([greeting.charset & 0xff]),
    uint16(greeting.status),
    uint16(capabilities >>> 16),
    Buffer.from([has(capabilities, capability.pluginAuth) ? nonceBytes + 1 : 0]),
    Buffer.alloc(6),
    uint32(isMysql ? 0 : greeting.mariadbCapabilities),
    greeting.nonce.subarray(8, nonceBytes),
    Buffer.from([0]),
    has(capabilities, capability.pluginAuth) ? zeroTerminated(greeting.plugin) : Buffer.alloc(0),
  ]);
}

/** Undefined where the payload is no greeting of version 10; an ERR may come in its place. */
export function parseGreeting(payload: Buffer): Greeting | undefined {
  const reader = new PayloadReader(payload);
  const version = reader.integer(1);
  const serverVersion = reader.zeroTerminated();
  const connectionId = reader.integer(4);
  const nonceHead = reader.bytes(8);
  reader.bytes(1);
  const lower = reader.integer(2);
  const charset = reader.integer(1);
  const status = reader.integer(2);
  const upper = reader.integer(2);
  const nonceLength = reader.integer(1);
  reader.bytes(6);
  const extended = reader.integer(4);
  if (version !== 10 || serverVersion === undefined || connectionId === undefined) return undefined;
  if (nonceHead === undefined || lower === undefined || charset === undefined) return undefined;
  if (status === undefined || upper === undefined || nonceLength === undefined) return undefined;
  if (extended === undefined) return undefined;
  const capabilities = withBits(lower, upper << 16);
  const nonceTail = reader.bytes(Math.max(13, nonceLength - 8));
  if (nonceTail === undefined) return undefined;
  const named = has(capabilities, capability.pluginAuth);
  return {
    serverVersion,
    connectionId,
    nonce: Buffer.concat([nonceHead, nonceTail.subarray(0, nonceBytes - 8)]),
    capabilities,
    mariadbCapabilities: has(capabilities, capability.mysql) ? 0 : extended,
    charset,
    status,
    plugin: named ? untilZero(reader) : 'mysql_native_password',
  };
}

/** Old servers forgot the zero behind the last string of a payload. */
function untilZero(reader: PayloadReader): string {
  const rest = reader.rest();
  const end = rest.indexOf(0);
  return rest.toString('utf8', 0, end === -1 ? rest.length : end);
}

const replicationPrefix = '5.5.5-';

/**
 * A server's version for people. MariaDB 10 puts `5.5.5-` before its own in the greeting, for old
 * replicas that would not believe a 10; `select version()` does without. An endpoint greets its
 * clients with the server's greeting as it is.
 */
export function shownVersion(serverVersion: string): string {
  return serverVersion.startsWith(replicationPrefix)
    ? serverVersion.slice(replicationPrefix.length)
    : serverVersion;
}

/** What a client says first: SSLRequest is the same up to the user's name. */
export interface ClientHead {
  readonly capabilities: number;
  readonly maxPacketBytes: number;
  readonly charset: number;
  /** MariaDB's own; 0 where `capability.mysql` is set. */
  readonly mariadbCapabilities: number;
}

export interface HandshakeResponse extends ClientHead {
  readonly user: string;
  readonly authResponse: Buffer;
  /** Empty = none. */
  readonly database: string;
  /** The way of authentication that `authResponse` is for; empty = not told. */
  readonly plugin: string;
  /** Such as `_client_name`, `program_name`. */
  readonly attributes: ReadonlyMap<string, string>;
}

function clientHead(head: ClientHead): Buffer {
  const isMysql = has(head.capabilities, capability.mysql);
  return Buffer.concat([
    uint32(head.capabilities),
    uint32(head.maxPacketBytes),
    Buffer.from([head.charset & 0xff]),
    Buffer.alloc(19),
    uint32(isMysql ? 0 : head.mariadbCapabilities),
  ]);
}

/** SSLRequest: TLS begins right behind it, and the whole response comes then, encrypted. */
export function buildSslRequest(head: ClientHead): Buffer {
  return clientHead({ ...head, capabilities: withBits(head.capabilities, capability.ssl) });
}

/** Whether a client's first payload asks for TLS; the rest of what it says comes later. */
export function isSslRequest(payload: Buffer): boolean {
  return payload.length === 32 && has(payload.readUInt32LE(0), capability.ssl);
}

function parseClientHead(reader: PayloadReader): ClientHead | undefined {
  const capabilities = reader.integer(4);
  const maxPacketBytes = reader.integer(4);
  const charset = reader.integer(1);
  reader.bytes(19);
  const extended = reader.integer(4);
  if (capabilities === undefined || maxPacketBytes === undefined) return undefined;
  if (charset === undefined || extended === undefined) return undefined;
  const mariadbCapabilities = has(capabilities, capability.mysql) ? 0 : extended;
  return { capabilities, maxPacketBytes, charset, mariadbCapabilities };
}

/** HandshakeResponse41. Its capabilities decide how, and whether, its fields are written. */
export function buildHandshakeResponse(response: HandshakeResponse): Buffer {
  const { capabilities } = response;
  const parts = [clientHead(response), zeroTerminated(response.user)];
  parts.push(authResponseBytes(response));
  if (has(capabilities, capability.connectWithDb)) parts.push(zeroTerminated(response.database));
  if (has(capabilities, capability.pluginAuth)) parts.push(zeroTerminated(response.plugin));
  if (has(capabilities, capability.connectAttributes))
    parts.push(attributesBytes(response.attributes));
  return Buffer.concat(parts);
}

function authResponseBytes({ capabilities, authResponse }: HandshakeResponse): Buffer {
  if (has(capabilities, capability.lengthEncodedAuthData)) return lengthEncodedBytes(authResponse);
  if (!has(capabilities, capability.secureConnection))
    return Buffer.concat([authResponse, Buffer.from([0])]);
  const bytes = authResponse.subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function attributesBytes(attributes: ReadonlyMap<string, string>): Buffer {
  const pairs = [...attributes].flatMap(([name, value]) => [
    lengthEncodedBytes(name),
    lengthEncodedBytes(value),
  ]);
  const bytes = Buffer.concat(pairs);
  return Buffer.concat([lengthEncodedInteger(bytes.length), bytes]);
}

/** Undefined where it is none, is cut off, or speaks a protocol older than 4.1. */
export function parseHandshakeResponse(payload: Buffer): HandshakeResponse | undefined {
  const reader = new PayloadReader(payload);
  const head = parseClientHead(reader);
  if (head === undefined || !has(head.capabilities, capability.protocol41)) return undefined;
  const user = reader.zeroTerminated();
  const authResponse = readAuthResponse(reader, head.capabilities);
  if (user === undefined || authResponse === undefined) return undefined;
  const tail = readTail(reader, head.capabilities);
  return tail === undefined ? undefined : { ...head, user, authResponse, ...tail };
}

function readAuthResponse(reader: PayloadReader, capabilities: number): Buffer | undefined {
  if (has(capabilities, capability.lengthEncodedAuthData)) return reader.lengthEncodedBytes();
  if (has(capabilities, capability.secureConnection)) {
    const count = reader.integer(1);
    return count === undefined ? undefined : reader.bytes(count);
  }
  const text = reader.zeroTerminated();
  return text === undefined ? undefined : Buffer.from(text, 'utf8');
}

type Tail = Pick<HandshakeResponse, 'database' | 'plugin' | 'attributes'>;

/** What clients leave out at the end, though they announced it, is empty. */
function readTail(reader: PayloadReader, capabilities: number): Tail | undefined {
  const withDatabase = has(capabilities, capability.connectWithDb) && reader.left > 0;
  const database = withDatabase ? reader.zeroTerminated() : '';
  const withPlugin = has(capabilities, capability.pluginAuth) && reader.left > 0;
  const plugin = withPlugin ? reader.zeroTerminated() : '';
  const withAttributes = has(capabilities, capability.connectAttributes) && reader.left > 0;
  const attributes = withAttributes ? readAttributes(reader) : new Map<string, string>();
  if (database === undefined || plugin === undefined || attributes === undefined) return undefined;
  return { database, plugin, attributes };
}

function readAttributes(reader: PayloadReader): Map<string, string> | undefined {
  const bytes = reader.lengthEncodedBytes();
  if (bytes === undefined) return undefined;
  const pairs = new PayloadReader(bytes);
  const attributes = new Map<string, string>();
  while (pairs.left > 0) {
    const name = pairs.lengthEncodedBytes();
    const value = pairs.lengthEncodedBytes();
    if (name === undefined || value === undefined) return undefined;
    attributes.set(name.toString('utf8'), value.toString('utf8'));
  }
  return attributes;
}

/** The other side is to authenticate by another plugin, with this nonce. */
export interface AuthSwitch {
  readonly plugin: string;
  readonly nonce: Buffer;
}

/** First bytes of the payloads that a server sends until its OK or ERR. */
export const authPacket = { moreData: 0x01, switch: 0xfe } as const;

/** AuthSwitchRequest; the response to it is the bare data of the plugin. */
export function buildAuthSwitch(to: AuthSwitch): Buffer {
  return Buffer.concat([
    Buffer.from([authPacket.switch]),
    zeroTerminated(to.plugin),
    to.nonce,
    Buffer.from([0]),
  ]);
}

/** Undefined where it is none; the bare 0xfe of servers before 4.1 is none. */
export function parseAuthSwitch(payload: Buffer): AuthSwitch | undefined {
  const reader = new PayloadReader(payload);
  if (reader.integer(1) !== authPacket.switch) return undefined;
  const plugin = reader.zeroTerminated();
  if (plugin === undefined) return undefined;
  const data = reader.rest();
  const nonce = data.at(-1) === 0 ? data.subarray(0, -1) : data;
  return { plugin, nonce };
}

/** AuthMoreData: further data of the plugin in use. */
export function buildAuthMoreData(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([authPacket.moreData]), data]);
}

export function parseAuthMoreData(payload: Buffer): Buffer | undefined {
  return payload[0] === authPacket.moreData ? payload.subarray(1) : undefined;
}

export interface ChangeUser {
  readonly user: string;
  readonly authResponse: Buffer;
  readonly database: string;
  /** 0 = not told. */
  readonly charset: number;
  readonly plugin: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** COM_CHANGE_USER with its command byte. @param capabilities that the connection agreed on */
export function buildChangeUser(change: ChangeUser, capabilities: number): Buffer {
  const auth = change.authResponse.subarray(0, 255);
  const parts = [
    Buffer.from([command.changeUser]),
    zeroTerminated(change.user),
    Buffer.from([auth.length]),
    auth,
    zeroTerminated(change.database),
    uint16(change.charset),
  ];
  if (has(capabilities, capability.pluginAuth)) parts.push(zeroTerminated(change.plugin));
  if (has(capabilities, capability.connectAttributes))
    parts.push(attributesBytes(change.attributes));
  return Buffer.concat(parts);
}

/** @param capabilities that the connection agreed on */
export function parseChangeUser(payload: Buffer, capabilities: number): ChangeUser | undefined {
  const reader = new PayloadReader(payload);
  if (reader.integer(1) !== command.changeUser) return undefined;
  const user = reader.zeroTerminated();
  const count = reader.integer(1);
  const authResponse = count === undefined ? undefined : reader.bytes(count);
  const database = reader.zeroTerminated();
  if (user === undefined || authResponse === undefined || database === undefined) return undefined;
  const charset = reader.left >= 2 ? (reader.integer(2) ?? 0) : 0;
  const tail = readTail(reader, capabilities & ~capability.connectWithDb);
  if (tail === undefined) return undefined;
  const { plugin, attributes } = tail;
  return { user, authResponse, database, charset, plugin, attributes };
}
