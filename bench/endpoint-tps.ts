/** Transactions through the endpoint, beside a bare pipe, HAProxy, PgBouncer and no one. */
import { type Database, openDatabase } from './database.js';
import { type Bench, notMeasured } from './figure.js';
import { comparePeers, type Load } from './peer-rates.js';
import { openPeers, type Peer, pgbouncer } from './peers/peer.js';
import { fill, findPgbench, type PgbenchRun, rate } from './pgbench.js';

type Run = Pick<PgbenchRun, 'clients' | 'script' | 'transactions'>;

const runs: readonly Run[] = [
  { clients: 1, script: 'select-only', transactions: 5_000 },
  { clients: 16, script: 'select-only', transactions: 20_000 },
  { clients: 1, script: 'tpcb-like', transactions: 400 },
  { clients: 16, script: 'tpcb-like', transactions: 4_800 },
];

export const endpointTps: Bench = {
  name: 'endpoint-tps',
  what: 'pgbench through the endpoint and its peers, interleaved',
  run: async (context) => {
    const path = findPgbench();
    if (path === undefined)
      return [notMeasured('endpoint / pipe', 'pgbench', 'pgbench is not installed')];
    const database = await openDatabase();
    const peers: Peer[] = [];
    try {
      await fill(path, database.server.address.port, database.login, context.quick ? 2 : 20);
      await openPeers(database, peers);
      const bouncer = await pgbouncer(database);
      if (bouncer !== undefined) peers.push(bouncer);
      const loads = runs.map((run) => loadOf(path, database, run));
      return await comparePeers(loads, peers, ['haproxy', 'pgbouncer'], context);
    } finally {
      await Promise.all(peers.map((peer) => peer.close()));
      await database.close();
    }
  },
};

function loadOf(path: string, { login }: Database, run: Run): Load {
  const { clients, script } = run;
  const what = script === 'select-only' ? 'select' : 'tpcb';
  return {
    label: `${what}, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    workload: `pgbench ${script}, simple protocol`,
    run: (port) => rate(path, { port, login, ...run }),
  };
}
