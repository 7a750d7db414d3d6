/** What sysbench and MySQL say to each other, and the books that the endpoint keeps of it. */
import { Traffic } from '../sim/endpoint/mysql/traffic.js';
import { deprecatesEof } from '../sim/endpoint/mysql/upstream.js';
import type { Flavour } from '../sim/engine/flavours.js';
import { engineTitles } from '../sim/server/server.js';
import { PacketWalker } from '../sim/wire/mysql/walker.js';
import { type Figure, notMeasured } from './figure.js';
import { type MysqlDatabase, openMysqlDatabase } from './mysql-database.js';
import { type Book, type Recorded, recordLast } from './recorded.js';
import { fill, findSysbench, rate } from './sysbench.js';

/** MariaDB's statements are searched for temporary tables besides. */
const flavours: readonly Flavour[] = ['mysql', 'mariadb'];

export async function bookkeepingMysql(measure: (book: Book) => Figure[]): Promise<Figure[]> {
  const path = findSysbench();
  if (path === undefined)
    return [notMeasured('bookkeeping', 'sysbench', 'sysbench is not installed')];
  const figures: Figure[] = [];
  for (const flavour of flavours) {
    const database = await openMysqlDatabase(flavour);
    const title = engineTitles[flavour];
    if (database === undefined)
      figures.push(notMeasured(`bookkeeping, ${title}`, 'sysbench', `${title} is not installed`));
    else
      try {
        await fill(path, database.server.address.port, database.login);
        figures.push(...measure(await record(path, database, true)));
        figures.push(...measure(await record(path, database, false)));
      } finally {
        await database.close();
      }
  }
  return figures;
}

async function record(path: string, database: MysqlDatabase, prepared: boolean): Promise<Book> {
  const { login, server } = database;
  const load = { threads: 1, events: 100, script: 'oltp_read_write', prepared } as const;
  const all = await recordLast(server.address, (port) => rate(path, { port, login, ...load }));
  // What belongs to the login counts on from the greeting; the first command counts anew.
  const first = all.findIndex(({ chunk, fromClient }) => fromClient && chunk[3] === 0);
  const recorded = all.slice(first);
  const title = engineTitles[server.spec.engine];
  const options = {
    deprecateEof: deprecatesEof(capabilities(all)),
    watchTemporaryTables: server.spec.engine === 'mariadb',
  };
  return {
    name: `${title} ${prepared ? 'prepared' : 'text'}`,
    workload: `sysbench oltp_read_write on ${title}`,
    recorded,
    messages: countPackets(recorded),
    open: () => {
      const traffic = new Traffic(options, {
        wantsRequest: () => 0,
        request: () => true,
        answer: () => undefined,
      });
      return ({ chunk, fromClient }) => {
        (fromClient ? traffic.fromClient : traffic.fromServer).walk(chunk);
        if (traffic.violation !== undefined) throw new Error(traffic.violation);
      };
    },
  };
}

/** Of the client's login: it asks for nothing that was not offered. */
function capabilities(recorded: readonly Recorded[]): number {
  const login = recorded.find(({ fromClient }) => fromClient);
  if (login === undefined) throw new Error('no login was recorded');
  return login.chunk.readUInt32LE(4);
}

function countPackets(recorded: readonly Recorded[]): number {
  let count = 0;
  const sink = { wants: () => 0, packet: () => void count++ };
  const client = new PacketWalker(sink);
  const server = new PacketWalker(sink);
  for (const { chunk, fromClient } of recorded) (fromClient ? client : server).walk(chunk);
  return count;
}
