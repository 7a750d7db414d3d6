/** Transactions through the endpoint, beside a bare pipe, HAProxy, PgBouncer and no one. */
import { rng } from '../sim/rng.js';
import { type Database, openDatabase } from './database.js';
import { type Bench, type BenchContext, type Figure, spreadOf } from './figure.js';
import { haproxy, nodePeer, type Peer, pgbouncer, processorSeconds } from './peers/peer.js';
import { fill, findPgbench, type PgbenchRun, type Rate, rate } from './pgbench.js';

type Load = Pick<PgbenchRun, 'clients' | 'script' | 'transactions'>;

const loads: readonly Load[] = [
  { clients: 1, script: 'select-only', transactions: 5_000 },
  { clients: 16, script: 'select-only', transactions: 20_000 },
  { clients: 1, script: 'tpcb-like', transactions: 400 },
  { clients: 16, script: 'tpcb-like', transactions: 1_600 },
];

interface Sample {
  readonly peer: string;
  readonly load: Load;
  readonly tps: number;
  /** Processor time of the peer for each transaction, logins included. */
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

/** Short turns in random order, so that what else the machine does falls on all alike. */
async function measure(
  path: string,
  { login }: Database,
  peers: readonly Peer[],
  { quick, say }: BenchContext,
): Promise<Sample[][]> {
  const rounds: Sample[][] = [];
  const turns = quick ? 1 : 3;
  const order = rng('bench', 'turns');
  for (let round = 0; round < (quick ? 2 : 9); round++) {
    const samples: Sample[] = [];
    for (const load of loads) {
      const all = peers.map((peer) => new Turns(peer));
      for (let turn = 0; turn < turns; turn++)
        for (const one of order.shuffle(all))
          await one.add(() => rate(path, { port: one.peer.port, login, ...load }));
      samples.push(...all.map((one) => one.sample(load)));
    }
    rounds.push(samples);
    say(`round ${round + 1}: ${loads.map((load) => ratios(samples, load)).join(' | ')}`);
  }
  return rounds;
}

/** What the turns of one peer come to: the median, as one turn may be a busy neighbour's. */
class Turns {
  readonly peer: Peer;
  readonly #rates: number[] = [];
  #transactions = 0;
  #processorSeconds: number | undefined = 0;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  async add(run: () => Promise<Rate>): Promise<void> {
    const before = processorSeconds(this.peer.pid);
    const { seconds, transactions } = await run();
    const after = processorSeconds(this.peer.pid);
    this.#rates.push(transactions / seconds);
    this.#transactions += transactions;
    if (before === undefined || after === undefined) this.#processorSeconds = undefined;
    else if (this.#processorSeconds !== undefined) this.#processorSeconds += after - before;
  }

  sample(load: Load): Sample {
    const seconds = this.#processorSeconds;
    return {
      peer: this.peer.name,
      load,
      tps: spreadOf(this.#rates)?.median ?? Number.NaN,
      processorUs: seconds === undefined ? undefined : (seconds * 1e6) / this.#transactions,
    };
  }
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
    const workload = `pgbench ${load.script}, simple protocol`;
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

function label({ clients, script }: Load): string {
  const what = script === 'select-only' ? 'select' : 'tpcb';
  return `${what}, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
}

function missing(name: string, remark: string): Figure {
  return { name, workload: 'pgbench', unit: 'ratio', samples: [], target: null, remark };
}
