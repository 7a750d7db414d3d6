/** Breaks a connection so that its other end sees a reset. */
import type { Socket } from 'node:net';

/**
 * Resets, or only destroys where an orderly end is under way already: there Node's reset fails
 * with EINVAL and leaves a handle that never closes, and a thread that holds one never ends.
 * @param secure the TLS socket on top of `raw`, where there is one
 */
export function resetConnection(raw: Socket, secure: Socket = raw): void {
  if (raw.writableEnded || secure.writableEnded) {
    secure.destroy();
    raw.destroy();
  } else raw.resetAndDestroy();
}
