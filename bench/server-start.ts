/** From nothing to the first answer of servers as child processes and in containers. */
import { type Clock, systemClock } from '../sim/clock.js';
import { newSeed, rng } from '../sim/rng.js';
import { dockerProvider } from '../sim/server/docker/provider.js';
import { embeddedProvider } from '../sim/server/embedded/provider.js';
import {
  type EngineName,
  engineTitles,
  type ProviderName,
  type ServerProvider,
} from '../sim/server/server.js';
import { ask } from '../test/support/docker.js';
import { type Bench, type BenchContext, type Figure, notMeasured, samplesMin } from './figure.js';
import { newestOffer } from './newest-offer.js';

interface Kind {
  readonly provider: ProviderName;
  readonly engine: EngineName;
  readonly targetMs: number;
}

interface Start extends Kind {
  readonly version: string;
}

/** Milliseconds of one start, in its parts. */
interface Sample {
  /** A provider of its own, the template's copy or the container. */
  readonly madeMs: number;
  readonly acceptingMs: number;
  readonly totalMs: number;
}

/** Embedded Postgres is the benchmark `first-query`'s. */
const kinds: readonly Kind[] = [
  { provider: 'embedded', engine: 'mysql', targetMs: 1_500 },
  { provider: 'embedded', engine: 'mariadb', targetMs: 1_500 },
  { provider: 'docker', engine: 'mysql', targetMs: 5_000 },
  { provider: 'docker', engine: 'mariadb', targetMs: 5_000 },
  { provider: 'docker', engine: 'postgres', targetMs: 5_000 },
];

export const serverStart: Bench = {
  name: 'server-start',
  what: 'nothing to the first query: MySQL and MariaDB child processes, containers',
  run: async (context) => {
    const clock = systemClock();
    const starts: Start[] = [];
    const figures: Figure[] = [];
    for (const kind of kinds) {
      const version = newestOffer(await openProvider(clock, kind.provider).offers(), kind.engine);
      if (version === undefined) figures.push(lacking(kind));
      else starts.push({ ...kind, version });
    }
    const samples = await measure(clock, starts, context);
    return [...[...samples].flatMap(([start, taken]) => figuresOf(start, taken)), ...figures];
  },
};

async function measure(
  clock: Clock,
  starts: readonly Start[],
  { quick, say }: BenchContext,
): Promise<Map<Start, Sample[]>> {
  const samples = new Map<Start, Sample[]>(starts.map((start) => [start, []]));
  // Makes the templates where this machine has none yet, and loads the code.
  for (const start of starts) await timeOne(clock, start);
  const order = rng('bench', 'turns');
  for (let round = 0; round < (quick ? 2 : samplesMin + 2); round++) {
    for (const start of order.shuffle(starts))
      samples.get(start)?.push(await timeOne(clock, start));
    const told = [...samples].map(
      ([start, taken]) => `${nameOf(start)} ${taken.at(-1)?.totalMs.toFixed(0)} ms`,
    );
    say(`round ${round + 1}: ${told.join(', ')}`);
  }
  return samples;
}

/** From a fresh provider to the answer; what it cost to remove it all does not count. */
async function timeOne(clock: Clock, { provider: name, engine, version }: Start): Promise<Sample> {
  const beginNs = clock.nowNs();
  const sinceMs = (): number => (clock.nowNs() - beginNs) / 1e6;
  const provider = openProvider(clock, name);
  try {
    const server = await provider.create({ name: 'bench', engine, version });
    const madeMs = sinceMs();
    await server.start();
    const acceptingMs = sinceMs();
    await ask(server, 'select 1');
    return { madeMs, acceptingMs, totalMs: sinceMs() };
  } finally {
    await provider.close();
  }
}

function openProvider(clock: Clock, name: ProviderName): ServerProvider {
  return name === 'embedded'
    ? embeddedProvider({ clock, offline: true })
    : dockerProvider({ clock, runId: `bench-${newSeed()}`, offline: true });
}

function figuresOf(start: Start, samples: readonly Sample[]): Figure[] {
  const from = start.provider === 'docker' ? 'its image present' : 'its template cached';
  const figure = (
    name: string,
    of: (sample: Sample) => number,
    target: Figure['target'] = null,
  ): Figure => ({
    name: `${nameOf(start)}: ${name}`,
    workload: `${engineTitles[start.engine]} ${start.version}, ${from}`,
    unit: 'ms',
    samples: samples.map(of),
    target,
  });
  return [
    figure('first query', ({ totalMs }) => totalMs, { rule: '<', value: start.targetMs }),
    figure('until it is made', ({ madeMs }) => madeMs),
    figure('from there until it accepts', ({ madeMs, acceptingMs }) => acceptingMs - madeMs),
  ];
}

function nameOf({ provider, engine }: Kind): string {
  return `${engineTitles[engine]} ${provider === 'docker' ? 'container' : 'child process'}`;
}

function lacking(kind: Kind): Figure {
  const reason =
    kind.provider === 'docker'
      ? 'Docker does not answer, or has no image of it'
      : 'it is not installed';
  return notMeasured(`${nameOf(kind)}: first query`, engineTitles[kind.engine], reason);
}
