/**
 * A blue/green switch by hand: the follower is promoted, and the names that clients dial lead to
 * it. What DNS said before is believed for its TTL, and sessions stay where they are until they
 * are drained; whoever writes on the old side meanwhile writes what the new side never gets,
 * unless the old side takes no writes any more. Nothing replicates back: the way back, the same
 * change of names, loses what was written since. Servers, replication and refusals are real; DNS
 * and the lengths of time are modelled.
 */
import { exemptAdmin } from '../../engine/postgres/blue-green.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { Names } from '../blue-green/names.js';
import { allowWrites, refuseWrites } from '../blue-green/writes.js';
import { Fates } from '../fates.js';
import { OperationFailed } from '../job.js';
import type { World } from '../operation.js';
import { untilNoneWrites } from '../parameters/open-transactions.js';
import { tellPromotionLag } from '../read-replica/promotion-lag.js';
import { lackOf } from '../read-replica/wait.js';
import { advanceAll } from './numbers.js';
import type { SwitchByDnsParameters } from './parameters.js';
import { followingPair, type Sides } from './sides.js';
import { part, tellStranded, tookOver } from './stranded.js';

/** How long a follower may take to have everything, and to be promoted. */
const catchUpMsMax = 120_000;
const promoteMsMax = 30_000;

const reasons = {
  drained:
    'connections to the side before were drained: whoever was still there was ended ' +
    '(this rehearsal)',
  'server-connection-lost': 'its server connection ended during the switch (this rehearsal)',
  'broken-by-fault': 'a fault of this rehearsal broke its connection (this rehearsal)',
} as const;

/** One switch under way. */
export class DnsSwitch {
  readonly #world: World;
  readonly #sides: Sides;
  readonly #parameters: SwitchByDnsParameters;
  readonly #signal: AbortSignal;
  readonly #fates: Fates<'drained'>;
  #touched = false;

  constructor(world: World, sides: Sides, parameters: SwitchByDnsParameters, signal: AbortSignal) {
    this.#world = world;
    this.#sides = sides;
    this.#parameters = parameters;
    this.#signal = signal;
    this.#fates = new Fates(sides.record, (reason) => reasons[reason]);
  }

  /** Runs it to its end. Throws OperationFailed where nothing was switched: all is as before. */
  async run(): Promise<void> {
    const { readOnlyFirst, isWayBack = false } = this.#parameters;
    if (isWayBack && !tookOver(this.#sides)) return this.#tellNothingToDo();
    if (!readOnlyFirst) await this.#requireAll();
    if (this.#signal.aborted) throw this.#signal.reason;
    await this.#prepareNext();
    await this.#changeNames();
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  /** Whatever goes wrong before the names change leaves the old side as it was. */
  async #prepareNext(): Promise<void> {
    const { old, next } = this.#sides;
    const { readOnlyFirst } = this.#parameters;
    const followed = followingPair(this.#sides) !== null;
    try {
      if (readOnlyFirst) await this.#stopWrites();
      await this.#promote();
    } catch (error) {
      if (readOnlyFirst) await allowWrites(old).catch(() => {});
      if (error instanceof OperationFailed) throw error;
      const isLost = followed && followingPair(this.#sides) === null;
      const lost = isLost ? `, and ${next.identifier} follows no more` : '';
      throw new OperationFailed(`nothing was switched${lost}: ${messageOf(error)}`);
    }
  }

  /** T0: whoever writes on the old side is refused, and what was under way is waited for. */
  async #stopWrites(): Promise<void> {
    const { old, record } = this.#sides;
    this.#touch();
    const { member, server } = old;
    if (member.protocolName === 'postgres') await exemptAdmin(member.admin, server.admin.user);
    await refuseWrites(old);
    await untilNoneWrites(old, record.application.database);
    await this.#requireAll();
  }

  /** @throws OperationFailed where the follower cannot have everything */
  async #requireAll(): Promise<void> {
    const pair = followingPair(this.#sides);
    if (pair === null || !this.#parameters.lagCheck) return;
    const { next, old, target } = this.#sides;
    const { clock } = this.#world;
    const sinceNs = clock.nowNs();
    const why = await lackOf(this.#world, pair, catchUpMsMax, this.#signal);
    const tookMs = Math.round((clock.nowNs() - sinceNs) / 1e6);
    const detail =
      why === null
        ? `${next.identifier} had all of ${old.identifier} after ${tookMs} ms`
        : `${next.identifier} lacks writes of ${old.identifier}: ${why}`;
    const state = why === null ? 'ok' : 'blocked';
    target.tellCheck({ when: 'before', name: 'replication lag', state, detail });
    if (this.#signal.aborted) throw this.#signal.reason;
    if (why !== null) throw new OperationFailed(`nothing was switched: ${detail}`);
  }

  async #promote(): Promise<void> {
    const { old, next, target } = this.#sides;
    const pair = followingPair(this.#sides);
    if (pair === null) {
      await allowWrites(next);
      return;
    }
    await tellPromotionLag(pair);
    await target.followers.promote(next, promoteMsMax);
    if (this.#parameters.sequences === 'advance') await advanceAll(old, next);
    await part(this.#sides);
    await allowWrites(next);
  }

  /** The records lead to the next side at once; an abort only skips waiting from here on. */
  async #changeNames(): Promise<void> {
    const { record, target, old } = this.#sides;
    const { clock } = this.#world;
    const ttlMs = this.#duration('ttlMs');
    const drainMs = this.#duration('drainMs');
    this.#touch();
    this.#fates.present(old.endpoint.sessions);
    const names = new Names([record, target], ttlMs);
    record.exchangeInstances(target);
    await names.change();
    const changedNs = clock.nowNs();
    const after = async (waitMs: number): Promise<void> => {
      const leftMs = waitMs - (clock.nowNs() - changedNs) / 1e6;
      await clock.sleep(Math.max(0, leftMs), this.#signal).catch(() => {});
    };
    const renamed = async (): Promise<void> => {
      await after(ttlMs);
      await names.settle();
      record.name('reader').weigh(null);
    };
    const drained = async (): Promise<void> => {
      await after(drainMs);
      this.#drain();
    };
    await Promise.all([renamed(), drained()]);
    // Whoever was ended while the old answer was still believed came back to the old side.
    if (drainMs < ttlMs) this.#drain();
    this.#fates.settle();
    await tellStranded(record, this.#sides);
  }

  #drain(): void {
    const { old, record } = this.#sides;
    const left = old.endpoint.sessions;
    for (const session of left) this.#fates.drop(session, 'drained');
    record.note('info', 'drained', `${left.length} sessions on ${old.identifier} were ended`);
  }

  #tellNothingToDo(): void {
    const { record, old } = this.#sides;
    const text = `${old.identifier} has its names still: there is nothing to be led back`;
    record.note('info', 'not-switched', text);
  }

  #touch(): void {
    if (this.#touched) return;
    this.#touched = true;
    this.#parameters.onT0?.(this.#world.clock.nowNs());
  }

  #duration(name: 'ttlMs' | 'drainMs'): number {
    const full = `self-managed.switch.${name}`;
    const valueMs = drawn(this.#parameters.durations, full);
    this.#sides.record.tellDuration(full, valueMs);
    return valueMs;
  }
}
