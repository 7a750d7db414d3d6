/** The prober's own code on a clock that moves by itself, against a server with known outages. */
import type { EntryDraft, Failure, LaneSpec } from '../harness/history/entry.js';
import { measureLane } from '../harness/measure/lane.js';
import { type AttemptEnd, type Attempts, failed } from '../harness/probe/attempt.js';
import { Lane } from '../harness/probe/lane.js';
import { ManualClock } from '../sim/clock.js';
import { type Rng, rng } from '../sim/rng.js';
import type { Bench, Figure } from './figure.js';
import { drawLengthMs, type KnownOutage, type Tally, tally } from './outages-known.js';

interface Setting {
  readonly name: string;
  readonly intervalMs: number;
  readonly edgeIntervalMs: number | null;
  readonly timeoutMs: number;
}

const settings: readonly Setting[] = [
  { name: '500 ms', intervalMs: 500, edgeIntervalMs: null, timeoutMs: 5_000 },
  { name: '500 ms, edge 10 ms', intervalMs: 500, edgeIntervalMs: 10, timeoutMs: 5_000 },
  { name: '10 ms', intervalMs: 10, edgeIntervalMs: null, timeoutMs: 1_000 },
];

/** How an outage looks to one who dials: an answer at once, or none at all. */
interface Planned extends KnownOutage {
  readonly silent: boolean;
}

export const probeAccuracy: Bench = {
  name: 'probe-accuracy',
  what: 'outages of known length, measured by the prober on a compressed clock',
  run: async ({ quick, say }) => {
    const rounds = quick ? 2 : 7;
    const outages = quick ? 20 : 150;
    const all: Figure[] = [];
    for (const setting of settings) {
      const tallies: Tally[] = [];
      for (let round = 0; round < rounds; round++)
        tallies.push(await once(setting, outages, rng(`bench-${round}`, setting.name)));
      all.push(...figures(setting.name, `${outages} outages of 50 ms to 20 s a run`, tallies));
      say(`${setting.name}: ${tallies.map((one) => one.wrong).join(' ')} wrong`);
    }
    return all;
  },
};

export function figures(name: string, workload: string, tallies: readonly Tally[]): Figure[] {
  const none = { rule: '<=', value: 0 } as const;
  const figure = (
    what: string,
    unit: string,
    of: (one: Tally) => number,
    target: Figure['target'],
  ): Figure => ({
    name: `${name}: ${what}`,
    workload,
    unit,
    samples: tallies.map(of),
    target,
    everyRun: true,
  });
  return [
    figure('wrong', 'outages', (one) => one.wrong, none),
    figure('inside its bounds', 'outages', (one) => one.inside, null),
    figure('unseen, below the floor', 'outages', (one) => one.unseen, null),
    figure('wider than two ticks and two attempts', 'outages', (one) => one.tooWide, none),
    figure('wider by ticks not sent (cap)', 'outages', (one) => one.capped, null),
    {
      ...figure('width of the bounds', 'ms', () => 0, null),
      samples: tallies.flatMap((one) => one.widthsMs),
    },
  ];
}

async function once(setting: Setting, count: number, stream: Rng): Promise<Tally> {
  const clock = new ManualClock();
  const { name: _, ...times } = setting;
  const spec: LaneSpec = { name: 'lane', kind: 'new-connection', target: 'writer', ...times };
  const planned = plan(setting, count, stream);
  const drafts: EntryDraft[] = [];
  const lane = new Lane({
    spec,
    attempts: attemptsOn(clock, planned, stream),
    clock,
    record: (draft) => drafts.push(draft),
    startNs: stream.int(0, setting.intervalMs * 1e6),
    inFlightMax: Math.min(64, Math.ceil(setting.timeoutMs / setting.intervalMs) + 1),
  });
  lane.start();
  const lastNs = planned.at(-1)?.endNs ?? 0;
  await clock.advance(lastNs / 1e6 + 4 * setting.timeoutMs);
  const stopped = lane.stop();
  await clock.advance(2 * setting.timeoutMs);
  await stopped;
  const polls = drafts.flatMap((draft) => (draft.kind === 'poll' ? [draft.data] : []));
  return tally(planned, measureLane(spec, polls, { slowNs: 250e6, unobserved: [] }));
}

/** Outages far enough apart that each is one of its own for a lane that hangs until a deadline. */
function plan(setting: Setting, count: number, stream: Rng): Planned[] {
  const planned: Planned[] = [];
  let atMs = 2 * setting.timeoutMs;
  for (let index = 0; index < count; index++) {
    const lengthMs = drawLengthMs(stream, 50, 20_000);
    const beginNs = Math.round(atMs * 1e6);
    const endNs = Math.round((atMs + lengthMs) * 1e6);
    planned.push({ beginNs, endNs, unsureNs: 0, silent: stream.next() < 0.25 });
    atMs += lengthMs + setting.timeoutMs + 3 * setting.intervalMs + stream.next() * 2_000;
  }
  return planned;
}

/** Each attempt reaches the server after a while, finds it up or down, and hears of it later. */
function attemptsOn(clock: ManualClock, planned: readonly Planned[], stream: Rng): Attempts {
  let next = 0;
  const downNow = (): Planned | undefined => {
    while ((planned[next]?.endNs ?? Number.POSITIVE_INFINITY) <= clock.nowNs()) next++;
    const one = planned[next];
    return one !== undefined && one.beginNs <= clock.nowNs() ? one : undefined;
  };
  const attempt = async (deadlineNs: number): Promise<AttemptEnd> => {
    await clock.sleep(stream.logNormal(1, 0.8));
    const down = downNow();
    if (down?.silent === true) {
      await clock.sleep((deadlineNs - clock.nowNs()) / 1e6);
      return failed(failure('timeout'));
    }
    await clock.sleep(stream.logNormal(down === undefined ? 2 : 0.2, 0.8));
    return down === undefined
      ? { outcome: 'ok', error: null, server: { version: '17.4' } }
      : failed(failure('refused'));
  };
  return { attempt, close: async () => undefined };
}

function failure(kind: 'timeout' | 'refused'): Failure {
  return { kind, sqlstate: null, code: null, message: kind };
}
