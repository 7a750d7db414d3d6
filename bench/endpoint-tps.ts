/** Transactions through the endpoint, beside a bare pipe, HAProxy, PgBouncer and no one. */
import { type Database, openDatabase } from './database.js';
import type { Bench, BenchContext, Figure } from './figure.js';
import { haproxy, nodePeer, type Peer, pgbouncer, processorSeconds } from './peers/peer.js';
import { fill, findPgbench, type PgbenchRun, rate } from './pgbench.js';

type Load = Pick<PgbenchRun, 'clients' | 'script'>;

const loads: readonly Load[] = [
  { clients: 1, script: 'select-only' },
  { clients: 16, script: 'select-only' },
  { clients: 1, script: 'tpcb-like' },
  { clients: 16, script: 'tpcb-like' },
];

interface Sample {
  readonly peer: string;
  readonly load: Load;
  readonly tps: number;
  /** Processor time of the peer for each transaction. */
  readonly processorUs: number | undefined;
}

const peerNames = ['direct', 'pipe', 'endpoint', 'haproxy', 'pgbouncer'];

export const endpointTps: Bench = {
  name: 'endpoint-tps',
  what: 'pgbench through the endpoint and its peers, interleaved',
  run: async (context) => {
    const path = findPgbench();
    if (path === undefined) return [missing('endpoint / pipe', 'pgbench is not installed')];
    const database = await openDatabase();
    const peers: Peer[] = [];
    try {
      await fill(path, database.server.address.port, database.login, context.quick ? 2 : 20);
      peers.push(...(await openPeers(database)));
      return figures(await measure(path, database, peers, context), peers);
    } finally {
      await Promise.all(peers.map((peer) => peer.close()));
      await database.close();
    }
  },
};

async function openPeers(database: Database): Promise<Peer[]> {
  const direct = { name: 'direct', port: database.server.address.port, pid: undefined };
  const foreign = [await haproxy(database), await pgbouncer(database)];
  return [
    { ...direct, close: async () => undefined },
    await nodePeer('pipe', database),
    await nodePeer('endpoint', database),
    ...foreign.filter((peer) => peer !== undefined),
  ];
}

async function measure(
  path: string,
  { login }: Database,
  peers: readonly Peer[],
  { quick, say }: BenchContext,
): Promise<Sample[][]> {
  const rounds: Sample[][] = [];
  const seconds = quick ? 1 : 3;
  for (let round = 0; round < (quick ? 1 : 9); round++) {
    const samples: Sample[] = [];
    for (const load of loads)
      for (let turn = 0; turn < peers.length; turn++) {
        // Each round begins with another peer, and turns round every second time.
        const place = (round % 2 === 0 ? turn : peers.length - turn) + round;
        const peer = peers[place % peers.length];
        if (peer === undefined) continue;
        const before = processorSeconds(peer.pid);
        const run = await rate(path, { port: peer.port, login, seconds, ...load });
        const after = processorSeconds(peer.pid);
        const processorUs =
          before === undefined || after === undefined
            ? undefined
            : ((after - before) * 1e6) / run.transactions;
        samples.push({ peer: peer.name, load, tps: run.transactionsPerSecond, processorUs });
      }
    rounds.push(samples);
    say(`round ${round + 1}: ${loads.map((load) => ratios(samples, load)).join(' | ')}`);
  }
  return rounds;
}

function ratios(samples: readonly Sample[], load: Load): string {
  const of = (peer: string): number => tpsOf(samples, peer, load) ?? Number.NaN;
  const pipe = of('pipe');
  const ratio = (of('endpoint') / pipe).toFixed(3);
  return `${load.script} ${load.clients}: pipe ${pipe.toFixed(0)}, endpoint/pipe ${ratio}`;
}

function tpsOf(samples: readonly Sample[], peer: string, load: Load): number | undefined {
  return samples.find((sample) => sample.peer === peer && sample.load === load)?.tps;
}

function figures(rounds: readonly Sample[][], peers: readonly Peer[]): Figure[] {
  return loads.flatMap((load) => {
    const workload = `pgbench ${load.script}, simple, ${label(load)}`;
    const over = (peer: string, base: string): number[] =>
      rounds.flatMap((samples) => {
        const [top, bottom] = [tpsOf(samples, peer, load), tpsOf(samples, base, load)];
        return top === undefined || bottom === undefined ? [] : [top / bottom];
      });
    const ratio = (peer: string, base: string, target: Figure['target']): Figure => ({
      name: `${peer} / ${base}, ${label(load)}`,
      workload,
      unit: 'ratio',
      samples: over(peer, base),
      target,
    });
    const there = (name: string): boolean => peers.some((peer) => peer.name === name);
    return [
      ratio('endpoint', 'pipe', { rule: '>=', value: 0.95 }),
      ...['haproxy', 'pgbouncer'].map((name) =>
        there(name)
          ? ratio('endpoint', name, null)
          : missing(`endpoint / ${name}, ${label(load)}`, `${name} is not installed`),
      ),
      ...peerNames.filter(there).flatMap((peer) => own(rounds, peer, load, workload)),
    ];
  });
}

/** What one peer did by itself, for information. */
function own(rounds: readonly Sample[][], peer: string, load: Load, workload: string): Figure[] {
  const samples = rounds.flat().filter((one) => one.peer === peer && one.load === load);
  const rate: Figure = {
    name: `${peer}, ${label(load)}`,
    workload,
    unit: 'tps',
    samples: samples.map(({ tps }) => tps),
    target: null,
  };
  const processor = samples.flatMap(({ processorUs }) => processorUs ?? []);
  if (processor.length === 0) return [rate];
  const unit = 'CPU µs/tx';
  return [rate, { ...rate, unit, samples: processor }];
}

function label({ clients }: Load): string {
  return clients === 1 ? '1 client' : `${clients} clients`;
}

function missing(name: string, remark: string): Figure {
  return { name, workload: 'pgbench', unit: 'ratio', samples: [], target: null, remark };
}
