/** Transactions through the endpoint for MySQL, beside a bare pipe, HAProxy and no one. */
import type { Flavour } from '../sim/engine/flavours.js';
import { engineTitles } from '../sim/server/server.js';
import { type Bench, type BenchContext, type Figure, notMeasured } from './figure.js';
import { type MysqlDatabase, openMysqlDatabase } from './mysql-database.js';
import { comparePeers, type Load } from './peer-rates.js';
import { openPeers, type Peer } from './peers/peer.js';
import { fill, findSysbench, rate, type SysbenchRun, tableRows } from './sysbench.js';

type Run = Pick<SysbenchRun, 'threads' | 'script' | 'events'>;

const runs: readonly Run[] = [
  { threads: 1, script: 'oltp_point_select', events: 8_000 },
  { threads: 8, script: 'oltp_point_select', events: 16_000 },
  { threads: 1, script: 'oltp_read_write', events: 300 },
  { threads: 8, script: 'oltp_read_write', events: 1_500 },
];

export const endpointTpsMysql = benchOf('mysql');
export const endpointTpsMariadb = benchOf('mariadb');

function benchOf(flavour: Flavour): Bench {
  const name = `endpoint-tps-${flavour}`;
  return {
    name,
    what: `sysbench through the endpoint and its peers, interleaved, ${engineTitles[flavour]}`,
    run: async (context) => {
      const path = findSysbench();
      if (path === undefined) return [lacking(flavour, 'sysbench is not installed')];
      const database = await openMysqlDatabase(flavour);
      if (database === undefined)
        return [lacking(flavour, `${engineTitles[flavour]} is not installed`)];
      try {
        return await compare(path, database, context);
      } finally {
        await database.close();
      }
    },
  };
}

async function compare(
  path: string,
  database: MysqlDatabase,
  context: BenchContext,
): Promise<Figure[]> {
  const peers: Peer[] = [];
  try {
    await fill(path, database.server.address.port, database.login);
    await openPeers(database, peers);
    const loads = ([true, false] as const).flatMap((prepared) =>
      runs.map((run) => loadOf(path, database, run, prepared)),
    );
    return await comparePeers(loads, peers, ['direct', 'haproxy'], context);
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
  }
}

function loadOf(path: string, database: MysqlDatabase, run: Run, prepared: boolean): Load {
  const { login, server } = database;
  const { threads, script } = run;
  const what = script === 'oltp_point_select' ? 'select' : 'read-write';
  const how = prepared ? 'prepared' : 'text';
  const on = `${engineTitles[server.spec.engine]} ${server.version}`;
  return {
    label: `${what} ${how}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    workload: `sysbench ${script}, ${tableRows} rows, ps-mode ${how}, ${on}`,
    run: (port) => rate(path, { port, login, prepared, ...run }),
  };
}

function lacking(flavour: Flavour, remark: string): Figure {
  return notMeasured('endpoint / pipe', `sysbench, ${engineTitles[flavour]}`, remark);
}
