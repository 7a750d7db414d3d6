/**
 * Connections to servers. Node by itself takes 64 KB of fresh memory for every read, however
 * little comes, and looks twice whether more can be read; here all of them read into one buffer,
 * and what came is copied out of it.
 */
import { connect, type Socket } from 'node:net';
import type { ServerAddress } from '../server/server.js';

/** One for all: what was read is taken out of it before anything else is read. */
const readInto = Buffer.allocUnsafeSlow(64 * 1024);

/** Dials a server. What it sends comes as `data`, as from any socket. */
export function openServerSocket(address: ServerAddress): Socket {
  const socket = connect({
    ...address,
    noDelay: true,
    onread: {
      buffer: readInto,
      callback: (bytes) => {
        const chunk = Buffer.allocUnsafe(bytes);
        readInto.copy(chunk, 0, 0, bytes);
        socket.emit('data', chunk);
        return true;
      },
    },
  });
  return socket;
}
