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

/** What one round came to: each peer's rate, and the endpoint's over the pipe's by load. */
interface Round {
  readonly samples: readonly Sample[];
  readonly overPipe: ReadonlyMap<Load, number>;
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

/**
 * Short turns, so that what else the machine does falls on all alike. The endpoint and the pipe,
 * of which a target is asked, take more of them than the others, one right after the other and
 * each first as often as chance has it: what a busy neighbour does to a pair it does to both.
 */
async function measure(
  loads: readonly Load[],
  peers: readonly Peer[],
  { quick, say }: BenchContext,
): Promise<Round[]> {
  const rounds: Round[] = [];
  const pairs = quick ? 1 : 4;
  const order = rng('bench', 'turns');
  for (let round = 0; round < (quick ? 2 : 9); round++) {
    const samples: Sample[] = [];
    const overPipe = new Map<Load, number>();
    for (const load of loads) {
      const all = peers.map((peer) => new Turns(peer));
      const isPaired = ({ name }: Turns): boolean => name === 'pipe' || name === 'endpoint';
      for (const one of order.shuffle(all.filter((turns) => !isPaired(turns)))) await one.add(load);
      const found: number[] = [];
      for (let pair = 0; pair < pairs; pair++) {
        const rates = new Map<string, number>();
        for (const one of order.shuffle(all.filter(isPaired)))
          rates.set(one.name, await one.add(load));
        found.push((rates.get('endpoint') ?? Number.NaN) / (rates.get('pipe') ?? Number.NaN));
      }
      overPipe.set(load, spreadOf(found)?.median ?? Number.NaN);
      samples.push(...all.map((one) => one.sample(load)));
    }
    rounds.push({ samples, overPipe });
    say(
      `round ${round + 1}: ${loads.map((load) => told({ samples, overPipe }, load)).join(' | ')}`,
    );
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

  get name(): string {
    return this.#peer.name;
  }

  /** @returns transactions a second */
  async add(load: Load): Promise<number> {
    const { pid, port } = this.#peer;
    const before = processorSeconds(pid);
    const { seconds, transactions } = await load.run(port);
    const after = processorSeconds(pid);
    this.#rates.push(transactions / seconds);
    this.#transactions += transactions;
    if (before === undefined || after === undefined) this.#processorSeconds = undefined;
    else if (this.#processorSeconds !== undefined) this.#processorSeconds += after - before;
    return transactions / seconds;
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

function told({ samples, overPipe }: Round, load: Load): string {
  const pipe = tpsOf(samples, 'pipe', load) ?? Number.NaN;
  const ratio = (overPipe.get(load) ?? Number.NaN).toFixed(3);
  return `${load.label}: pipe ${pipe.toFixed(0)}, endpoint/pipe ${ratio}`;
}

function tpsOf(samples: readonly Sample[], peer: string, load: Load): number | undefined {
  return samples.find((sample) => sample.peer === peer && sample.load === load)?.tps;
}

function figuresOf(
  load: Load,
  rounds: readonly Round[],
  peers: readonly Peer[],
  beside: Beside,
): Figure[] {
  const over = (peer: string, base: string): number[] =>
    rounds.flatMap(({ samples, overPipe }) => {
      if (base === 'pipe') return overPipe.get(load) ?? [];
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
function own(rounds: readonly Round[], peer: string, load: Load): Figure[] {
  const samples = rounds
    .flatMap((round) => round.samples)
    .filter((one) => one.peer === peer && one.load === load);
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
