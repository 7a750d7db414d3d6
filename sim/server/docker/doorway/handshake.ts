/**
 * How the two ends of the doorway know each other: each proves, for a number that the other has
 * just drawn, that it has the secret of this run. The secret itself is never sent.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../../clock.js';

/** What a connection of the tool is for: one control line, or a pipe for one client. */
export type LineKind = 'control' | 'pipe';

const letters: Readonly<Record<LineKind, string>> = { control: 'C', pipe: 'P' };
const numberBytes = 16;
const proofBytes = 32;
const handshakeMsMax = 5_000;

/** The end in the container: lets the tool in. @throws Error for anybody else */
export async function letIn(socket: Socket, secret: Buffer, clock: Clock): Promise<LineKind> {
  const ours = randomBytes(numberBytes);
  socket.write(ours);
  const said = await takeBytes(socket, 1 + numberBytes + proofBytes, clock, handshakeMsMax);
  const letter = said.toString('latin1', 0, 1);
  const theirs = said.subarray(1, 1 + numberBytes);
  if (!timingSafeEqual(said.subarray(-proofBytes), proof(secret, letter, ours, theirs)))
    throw new Error('somebody came without the secret');
  socket.write(proof(secret, 'D', theirs, ours));
  if (letter === letters.pipe) return 'pipe';
  if (letter === letters.control) return 'control';
  throw new Error('the tool came for something unknown');
}

/** The tool's end. @throws Error where there is no doorway of this run */
export async function enter(
  socket: Socket,
  secret: Buffer,
  kind: LineKind,
  clock: Clock,
): Promise<void> {
  const theirs = await takeBytes(socket, numberBytes, clock, handshakeMsMax);
  const ours = randomBytes(numberBytes);
  const letter = letters[kind];
  socket.write(
    Buffer.concat([Buffer.from(letter, 'latin1'), ours, proof(secret, letter, theirs, ours)]),
  );
  const said = await takeBytes(socket, proofBytes, clock, handshakeMsMax);
  if (!timingSafeEqual(said, proof(secret, 'D', ours, theirs)))
    throw new Error('somebody else than the doorway answers there');
}

function proof(secret: Buffer, letter: string, asked: Buffer, own: Buffer): Buffer {
  return createHmac('sha256', secret).update(letter).update(asked).update(own).digest();
}

/**
 * Takes the first bytes of a connection; what came behind them is left for whoever reads next.
 * @param limitMs null: as long as it takes
 * @throws Error where it ends before, or is late
 */
export function takeBytes(
  socket: Socket,
  count: number,
  clock: Clock,
  limitMs: number | null,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let taken = Buffer.alloc(0);
    const late = limitMs === null ? null : clock.timer(limitMs, () => failed('it said nothing'));
    const settle = (): void => {
      late?.cancel();
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
      socket.pause();
    };
    const failed = (why: string): void => {
      settle();
      reject(new Error(why));
    };
    const onEnd = (): void => failed('it was closed');
    const onError = (error: Error): void => failed(error.message);
    const onData = (chunk: Buffer): void => {
      taken = Buffer.concat([taken, chunk]);
      if (taken.length < count) return;
      settle();
      if (taken.length > count) socket.unshift(taken.subarray(count));
      resolve(taken.subarray(0, count));
    };
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
    if (socket.destroyed) failed('it was closed');
    else socket.resume();
  });
}
