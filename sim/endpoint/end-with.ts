/** Ends a greeting with the last bytes that a client gets. */
import type { Socket } from 'node:net';

export function endWith(socket: Socket, bytes: Buffer): void {
  socket.on('error', () => {});
  socket.resume();
  socket.end(bytes);
  // A client that never reads must not keep the socket.
  socket.setTimeout(5_000, () => socket.destroy());
}
