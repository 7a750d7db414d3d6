/**
 * Reads are shifted share by share: the name that readers dial has weighted records, which lead new
 * clients to blue or to green. Every dial is answered anew: caches of single clients are not
 * modelled here, as they are for the switch. Green is read while it follows, so that a client may
 * not find what it has just written on blue: how far green is behind is looked at for each share.
 */
import { type Rng, rng } from '../../rng.js';
import { drawn } from '../../timing.js';
import { OperationFailed } from '../job.js';
import { clusterNotFound, notAvailable, type Operation, type World } from '../operation.js';
import { lackOf } from '../read-replica/wait.js';
import type { ShiftReadsParameters } from './parameters.js';
import { followingPair, type Sides, sidesOf } from './sides.js';

/** A green that is further behind is no place to read from. */
const behindMsMax = 10_000;

export const shiftReads: Operation<ShiftReadsParameters> = {
  call: () => null,
  refuse: ({ clusters }, { cluster, to, shares }) => {
    const [from, target] = [clusters.get(cluster), clusters.get(to)];
    if (from === undefined) return clusterNotFound(cluster);
    if (target === undefined) return clusterNotFound(to);
    if (shares.some((share) => !(share >= 0 && share <= 100)))
      return { code: 'InvalidParameterValue', message: 'A share is 0 to 100 percent.' };
    return notAvailable(target);
  },
  run: async (world, parameters, signal) => {
    const { shares, durations } = parameters;
    const sides = sidesOf(world, parameters);
    const stream = rng(world.seed, `shift-reads ${parameters.cluster}`);
    const name = 'self-managed.shift.shiftMs';
    const shiftMs = drawn(durations, name);
    sides.record.tellDuration(name, shiftMs);
    for (const share of shares) {
      lead(sides, share, stream);
      if (share === 0) continue;
      await world.clock.sleep(shiftMs / shares.length, signal).catch(() => {});
      const why = await behind(world, sides, share, signal);
      if (why === null && !signal.aborted) continue;
      lead(sides, 0, stream);
      if (signal.aborted) throw signal.reason;
      throw new OperationFailed(`at ${share} % green was no place to read from: ${why}`);
    }
  },
};

function lead({ record, next }: Sides, percent: number, stream: Rng): void {
  const { endpoint } = next;
  const name = record.name('reader');
  name.weigh(percent === 0 ? null : { endpoint, share: percent / 100, stream });
  const text = `${percent} % of new clients of ${name.name} come to ${next.identifier}`;
  record.note('info', 'reads-shifted', text);
}

/** @returns why green is not to be read from, or null */
async function behind(
  world: World,
  sides: Sides,
  percent: number,
  signal: AbortSignal,
): Promise<string | null> {
  const pair = followingPair(sides);
  if (pair === null) return null;
  const { clock } = world;
  const sinceNs = clock.nowNs();
  const why = await lackOf(world, pair, behindMsMax, signal);
  const tookMs = Math.round((clock.nowNs() - sinceNs) / 1e6);
  const { next, old, record } = sides;
  const detail =
    why === null
      ? `${next.identifier} had all that ${old.identifier} had after ${tookMs} ms: what a client ` +
        'wrote may be missing there for so long'
      : `${next.identifier} lacks writes of ${old.identifier}: ${why}; reads are given back`;
  record.tellCheck({
    ...{ when: 'before', name: `reads at ${percent} %`, detail },
    state: why === null ? 'ok' : 'blocked',
  });
  return why;
}
