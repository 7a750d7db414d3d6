/** What the endpoint's bookkeeping costs by itself, over bytes recorded from pgbench. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { systemClock } from '../sim/clock.js';
import { Traffic } from '../sim/endpoint/postgres/traffic.js';
import { parseFirstPacket } from '../sim/wire/postgres/startup.js';
import { Walker } from '../sim/wire/postgres/walker.js';
import { type Database, openDatabase } from './database.js';
import type { Bench, Figure } from './figure.js';
import { fill, findPgbench, type QueryMode, rate } from './pgbench.js';

interface Recorded {
  readonly chunk: Buffer;
  readonly fromClient: boolean;
}

const modes: readonly QueryMode[] = ['simple', 'extended', 'prepared'];

export const bookkeeping: Bench = {
  name: 'bookkeeping',
  what: 'the walkers and the traffic over recorded bytes, without sockets',
  run: async ({ quick }) => {
    const path = findPgbench();
    if (path === undefined) return [];
    const database = await openDatabase();
    try {
      await fill(path, database.server.address.port, database.login, 1);
      const figures: Figure[] = [];
      for (const mode of modes) {
        const recorded = await record(path, database, mode);
        figures.push(...measure(recorded, mode, quick ? 2 : 9));
      }
      return figures;
    } finally {
      await database.close();
    }
  },
};

/** The session's bytes of one pgbench client, as they came, both ways. */
async function record(path: string, database: Database, mode: QueryMode): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  const relay = createServer({ noDelay: true }, (client) => {
    const server = connect({ ...database.server.address, noDelay: true });
    pass(client, server, (chunk) => recorded.push({ chunk, fromClient: true }));
    pass(server, client, (chunk) => recorded.push({ chunk, fromClient: false }));
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port } = relay.address() as AddressInfo;
  const load = { clients: 1, transactions: 400, script: 'tpcb-like', mode } as const;
  await rate(path, { port, login: database.login, ...load });
  relay.close();
  // The last start-up packet begins the session that was timed; it is no typed message.
  const first = recorded.findLastIndex(
    ({ chunk, fromClient }) => fromClient && parseFirstPacket(chunk).kind === 'startup',
  );
  return recorded.slice(first + 1);
}

function pass(from: Socket, to: Socket, take: (chunk: Buffer) => void): void {
  from.on('data', (chunk: Buffer) => {
    take(chunk);
    to.write(chunk);
  });
  from.on('end', () => to.end());
  from.on('error', () => to.destroy());
}

function measure(recorded: readonly Recorded[], mode: QueryMode, rounds: number): Figure[] {
  const clock = systemClock();
  const messages = countMessages(recorded);
  const repeats = 100;
  const time = (work: (one: Recorded) => void): number => {
    const beginNs = clock.nowNs();
    for (let repeat = 0; repeat < repeats; repeat++) for (const one of recorded) work(one);
    return (clock.nowNs() - beginNs) / 1e3 / (messages * repeats);
  };
  const kept: number[] = [];
  const bare: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const traffic = new Traffic(new Map());
    bare.push(
      time(({ chunk }) => {
        bytes += chunk.length;
      }),
    );
    kept.push(
      time(({ chunk, fromClient }) => {
        (fromClient ? traffic.fromClient : traffic.fromServer).walk(chunk);
      }),
    );
    if (traffic.violation !== undefined) throw new Error(traffic.violation);
  }
  if (bytes === 0) throw new Error('nothing was recorded');
  const figure = {
    workload: `pgbench tpcb-like, ${mode}, ${messages} messages`,
    unit: 'CPU µs/msg',
    target: null,
  };
  return [
    { ...figure, name: `bookkeeping, ${mode}`, samples: kept },
    { ...figure, name: `no bookkeeping, ${mode}`, samples: bare },
  ];
}

function countMessages(recorded: readonly Recorded[]): number {
  let count = 0;
  const sink = { wants: () => 0, message: () => void count++ };
  const client = new Walker(sink);
  const server = new Walker(sink);
  for (const { chunk, fromClient } of recorded) (fromClient ? client : server).walk(chunk);
  return count;
}
