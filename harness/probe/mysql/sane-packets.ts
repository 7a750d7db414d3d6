/**
 * Stands between the socket and the parser of mysql2, which takes a server at its word: it
 * prints a complaint where packets are out of order, and believes lengths. Whoever dials an
 * unknown port must survive what answers there.
 */
import { readServerError, type ServerError } from './failure.js';

/** Longer than anything that our own statements are answered with, packet by packet. */
const bodyBytesMax = 1024 * 1024;
const headerBytes = 4;

/** Cuts what arrives into whole packets, headers included. */
export class SanePackets {
  #parts: Buffer[] = [];
  #bytes = 0;
  /** How many bytes are needed before there is more to say. */
  #wanted = headerBytes;

  /** The whole packets that are there now, perhaps none; null when one is malformed. */
  take(chunk: Buffer): Buffer[] | null {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wanted) return [];
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    const packets: Buffer[] = [];
    let offset = 0;
    this.#wanted = headerBytes;
    while (bytes.length - offset >= headerBytes) {
      const length = bytes.readUIntLE(offset, 3);
      if (length === 0 || length > bodyBytesMax) return null;
      const end = offset + headerBytes + length;
      if (end > bytes.length) {
        this.#wanted = headerBytes + length;
        break;
      }
      packets.push(bytes.subarray(offset, end));
      offset = end;
    }
    this.#parts = offset < bytes.length ? [bytes.subarray(offset)] : [];
    this.#bytes = bytes.length - offset;
    return packets;
  }
}

/** The parts of a connection of mysql2 that are needed here; all of them are its internals. */
export interface Driver {
  packetParser: { execute(chunk: Buffer): void };
  /** The sequence number that the next packet should have. */
  readonly sequenceId: number;
  /** What is under way; null or undefined while nothing is. */
  readonly _command: unknown;
}

export interface Guard {
  /** The server spoke without being asked, as it does when it ends a session. */
  onUnasked(error: ServerError): void;
  /** What arrived is no packet of this protocol; nothing more is to be read. */
  onMalformed(): void;
}

/**
 * Puts the guard before the driver's parser.
 * @throws Error where the driver is not as this was written for
 */
export function guardParser(connection: object, guard: Guard): void {
  if (!isDriver(connection)) throw new Error('this version of mysql2 cannot be guarded');
  const { packetParser } = connection;
  const packets = new SanePackets();
  let ended = false;
  const malformed = (): void => {
    ended = true;
    guard.onMalformed();
  };
  const pass = (packet: Buffer): void => {
    const asked = connection._command !== null && connection._command !== undefined;
    if (!asked || packet[3] !== connection.sequenceId) {
      const error = readServerError(packet.subarray(headerBytes));
      ended = true;
      if (error === null) guard.onMalformed();
      else guard.onUnasked(error);
      return;
    }
    packetParser.execute(packet);
  };
  connection.packetParser = {
    execute: (chunk: Buffer): void => {
      if (ended) return;
      try {
        const whole = packets.take(chunk);
        if (whole === null) malformed();
        for (const packet of whole ?? []) if (!ended) pass(packet);
      } catch {
        malformed();
      }
    },
  };
}

function isDriver(connection: object): connection is Driver {
  const parser: unknown = Reflect.get(connection, 'packetParser');
  return (
    typeof parser === 'object' &&
    parser !== null &&
    typeof Reflect.get(parser, 'execute') === 'function' &&
    typeof Reflect.get(connection, 'sequenceId') === 'number' &&
    '_command' in connection
  );
}
