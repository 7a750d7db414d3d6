/** What pgbench and Postgres say to each other, and the books that the endpoint keeps of it. */
import { Traffic } from '../sim/endpoint/postgres/traffic.js';
import { parseFirstPacket } from '../sim/wire/postgres/startup.js';
import { Walker } from '../sim/wire/postgres/walker.js';
import { type Database, openDatabase } from './database.js';
import { type Figure, notMeasured } from './figure.js';
import { fill, findPgbench, type QueryMode, rate } from './pgbench.js';
import { type Book, type Recorded, recordLast } from './recorded.js';

const modes: readonly QueryMode[] = ['simple', 'extended', 'prepared'];

export async function bookkeepingPostgres(measure: (book: Book) => Figure[]): Promise<Figure[]> {
  const path = findPgbench();
  if (path === undefined)
    return [notMeasured('bookkeeping', 'pgbench', 'pgbench is not installed')];
  const database = await openDatabase();
  try {
    await fill(path, database.server.address.port, database.login, 1);
    const figures: Figure[] = [];
    for (const mode of modes) figures.push(...measure(await record(path, database, mode)));
    return figures;
  } finally {
    await database.close();
  }
}

async function record(path: string, database: Database, mode: QueryMode): Promise<Book> {
  const load = { clients: 1, transactions: 400, script: 'tpcb-like', mode } as const;
  const all = await recordLast(database.server.address, (port) =>
    rate(path, { port, login: database.login, ...load }),
  );
  // A start-up packet is no typed message.
  const first = all.findLastIndex(
    ({ chunk, fromClient }) => fromClient && parseFirstPacket(chunk).kind === 'startup',
  );
  const recorded = all.slice(first + 1);
  return {
    name: mode,
    workload: `pgbench tpcb-like, ${mode}`,
    recorded,
    messages: countMessages(recorded),
    open: () => {
      const traffic = new Traffic(new Map());
      return ({ chunk, fromClient }) => {
        (fromClient ? traffic.fromClient : traffic.fromServer).walk(chunk);
        if (traffic.violation !== undefined) throw new Error(traffic.violation);
      };
    },
  };
}

function countMessages(recorded: readonly Recorded[]): number {
  let count = 0;
  const sink = { wants: () => 0, message: () => void count++ };
  const client = new Walker(sink);
  const server = new Walker(sink);
  for (const { chunk, fromClient } of recorded) (fromClient ? client : server).walk(chunk);
  return count;
}
