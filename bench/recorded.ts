/** The bytes of a session as they came, both ways, and what it costs to walk over them. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Clock } from '../sim/clock.js';
import type { ServerAddress } from '../sim/server/server.js';

export interface Recorded {
  readonly chunk: Buffer;
  readonly fromClient: boolean;
}

/** Recorded bytes, and the books that are kept of them. */
export interface Book {
  /** Such as `prepared`. */
  readonly name: string;
  readonly workload: string;
  readonly recorded: readonly Recorded[];
  readonly messages: number;
  /** Opens new books. @returns takes one chunk; throws where it cannot be understood */
  open(): (one: Recorded) => void;
}

/** Records the last connection that a program makes through the port it is given. */
export async function recordLast(
  address: ServerAddress,
  program: (port: number) => Promise<unknown>,
): Promise<readonly Recorded[]> {
  let last: Recorded[] = [];
  const relay = createServer({ noDelay: true }, (client) => {
    const recorded: Recorded[] = [];
    last = recorded;
    const server = connect({ ...address, noDelay: true });
    pass(client, server, (chunk) => recorded.push({ chunk, fromClient: true }));
    pass(server, client, (chunk) => recorded.push({ chunk, fromClient: false }));
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  try {
    await program((relay.address() as AddressInfo).port);
  } finally {
    relay.close();
  }
  if (last.length === 0) throw new Error('nothing was recorded');
  return last;
}

function pass(from: Socket, to: Socket, take: (chunk: Buffer) => void): void {
  from.on('data', (chunk: Buffer) => {
    take(chunk);
    to.write(chunk);
  });
  from.on('end', () => to.end());
  from.on('error', () => to.destroy());
}

/** @returns microseconds for each message, over many repetitions of what was recorded */
export function timeEach(
  clock: Clock,
  recorded: readonly Recorded[],
  messages: number,
  work: (one: Recorded) => void,
): number {
  const repeats = 100;
  const beginNs = clock.nowNs();
  for (let repeat = 0; repeat < repeats; repeat++) for (const one of recorded) work(one);
  return (clock.nowNs() - beginNs) / 1e3 / (messages * repeats);
}
