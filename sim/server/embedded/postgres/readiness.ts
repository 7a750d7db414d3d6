/** When a starting server can answer: as early as can be known, without a fixed wait. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

/**
 * Whether the server process has written that it is ready into its own pid file. Costs one small
 * read, so that it can be asked every few milliseconds without burdening the server.
 */
export function saysReady(dataDirectory: string, pid: number): boolean {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDirectory, 'postmaster.pid'), 'latin1').split('\n');
  } catch {
    return false;
  }
  // A file of an earlier process may still be there: the first line names whose it is.
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

/**
 * Whether the server takes up a login over TCP: it answers a start-up packet with an
 * authentication request, not with 57P03 ("the database system is starting up").
 */
export function takesLogins(port: number, user: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('connect', () => socket.write(startupPacket(user)));
    socket.once('data', (chunk) => finish(chunk[0] === 'R'.charCodeAt(0)));
  });
}

function startupPacket(user: string): Buffer {
  const body = Buffer.from(`user\0${user}\0database\0postgres\0\0`, 'utf8');
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, body]);
}
