/** Rates through the endpoint and its peers, measured in one run and compared within it. */
import { rng } from '../sim/rng.js';
import { type BenchContext, type Figure, spreadOf } from './figure.js';
import { type Peer, processorSeconds } from './peers/peer.js';

/** What one run of a load came to; the time to connect does not count. */
export interface Rate {
  readonly seconds: number;
  readonly transactions: number;
}

export interface Load {
  /** Such as `select, 1 client`. */
  readonly label: string;
  readonly workload: string;
  run(port: number): Promise<Rate>;
}

interface Sample {
  readonly peer: string;
  readonly load: Load;
  readonly tps: number;
  /** Processor time of the peer for each transaction, logins included. */
  readonly processorUs: number | undefined;
}

/** The peers that the endpoint is compared with for information, in the order of the rows. */
export type Beside = readonly ('direct' | 'haproxy' | 'pgbouncer')[];

/** Measures every load through every peer; `direct`, `pipe` and `endpoint` are among them. */
export async function comparePeers(
  loads: readonly Load[],
  peers: readonly Peer[],
  beside: Beside,
  context: BenchContext,
): Promise<Figure[]> {
  const rounds = await measure(loads, peers, context);
  return loads.flatMap((load) => figuresOf(load, rounds, peers, beside));
}

/** Short turns in random order, so that what else the machine does falls on all alike. */
async function measure(
  loads: readonly Load[],
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
        for (const one of order.shuffle(all)) await one.add(load);
      samples.push(...all.map((one) => one.sample(load)));
    }
    rounds.push(samples);
    say(`round ${round + 1}: ${loads.map((load) => ratios(samples, load)).join(' | ')}`);
  }
  return rounds;
}

/** What the turns of one peer come to: the median, as one turn may be a busy neighbour's. */
class Turns {
  readonly #peer: Peer;
  readonly #rates: number[] = [];
  #transactions = 0;
  #processorSeconds: number | undefined = 0;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  async add(load: Load): Promise<void> {
    const { pid, port } = this.#peer;
    const before = processorSeconds(pid);
    const { seconds, transactions } = await load.run(port);
    const after = processorSeconds(pid);
    this.#rates.push(transactions / seconds);
    this.#transactions += transactions;
    if (before === undefined || after === undefined) this.#processorSeconds = undefined;
    else if (this.#processorSeconds !== undefined) this.#processorSeconds += after - before;
  }

  sample(load: Load): Sample {
    const seconds = this.#processorSeconds;
    return {
      peer: this.#peer.name,
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
  return `${load.label}: pipe ${pipe.toFixed(0)}, endpoint/pipe ${ratio}`;
}

function tpsOf(samples: readonly Sample[], peer: string, load: Load): number | undefined {
  return samples.find((sample) => sample.peer === peer && sample.load === load)?.tps;
}

function figuresOf(
  load: Load,
  rounds: readonly Sample[][],
  peers: readonly Peer[],
  beside: Beside,
): Figure[] {
  const over = (peer: string, base: string): number[] =>
    rounds.flatMap((samples) => {
      const [top, bottom] = [tpsOf(samples, peer, load), tpsOf(samples, base, load)];
      return top === undefined || bottom === undefined ? [] : [top / bottom];
    });
  const ratio = (base: string, target: Figure['target']): Figure => ({
    name: `endpoint / ${base}, ${load.label}`,
    workload: load.workload,
    unit: 'ratio',
    samples: over('endpoint', base),
    target,
    ...(peers.some(({ name }) => name === base) ? {} : { remark: `${base} is not installed` }),
  });
  return [
    ratio('pipe', { rule: '>=', value: 0.95 }),
    ...beside.map((name) => ratio(name, null)),
    ...peers.flatMap(({ name }) => own(rounds, name, load)),
  ];
}

/** What one peer did by itself, for information. */
function own(rounds: readonly Sample[][], peer: string, load: Load): Figure[] {
  const samples = rounds.flat().filter((one) => one.peer === peer && one.load === load);
  const rate: Figure = {
    name: `${peer}, ${load.label}`,
    workload: load.workload,
    unit: 'tps',
    samples: samples.map(({ tps }) => tps),
    target: null,
  };
  const processor = samples.flatMap(({ processorUs }) => processorUs ?? []);
  if (processor.length === 0) return [rate];
  return [rate, { ...rate, unit: 'CPU µs/tx', samples: processor }];
}
