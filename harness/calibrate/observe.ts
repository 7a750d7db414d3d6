/** What a history shows of the durations of the timing table. Pure. */
import { type TimingProfile, timingTable } from '../../sim/timing.js';
import type { Entry, EntryOf } from '../history/entry.js';
import { type Measurement, measure } from '../measure/measure.js';
import { type Engine, spansOf } from './event-spans.js';
import { stretchesOf } from './lane-stretches.js';
import type { Observation, ObservedHistory } from './observation.js';

export interface ObserveOptions {
  readonly name: string;
  /** Of the operation that the lanes felt, where the user says it. */
  readonly profile?: TimingProfile;
  readonly engine?: Engine;
}

/** Reads the history; what it does not show is not in the answer. Never throws. */
export function observeHistory(
  entries: readonly Entry[],
  options: ObserveOptions,
): ObservedHistory {
  const measured = measure(entries);
  const { started, events } = measured;
  const engine = options.engine ?? engineOf(measured);
  const wallMs = Date.parse(started?.wallClock ?? '');
  const spans = spansOf(events, engine);
  const profile = options.profile ?? profileOf(events, engine);
  const known = new Set(spans.map((one) => `${one.profile} ${one.duration}`));
  // What the events tell to the millisecond is not averaged with what polls show of it.
  const felt = (
    profile === null ? [] : stretchesOf(near(measured, options), profile, durationsOf(profile))
  ).filter((one) => !known.has(`${one.profile} ${one.duration}`));
  const rehearsed = started?.command === 'run' || events.some(({ data }) => data.modelled);
  return {
    name: options.name,
    date: Number.isFinite(wallMs) ? new Date(wallMs).toISOString().slice(0, 10) : null,
    rehearsed,
    observations: [...spans, ...felt].filter((one) => isUsable(one, rehearsed)),
  };
}

function durationsOf(profile: TimingProfile): string[] {
  return Object.keys(timingTable[profile]);
}

/**
 * What happened far from the events is of something else, unless the user says what the lanes felt.
 */
function near(
  { lanes, control }: Measurement,
  { profile }: ObserveOptions,
): Pick<Measurement, 'lanes'> {
  if (control === null || profile !== undefined) return { lanes };
  const fromNs = control.fromNs - nearMs * 1e6;
  const toNs = control.toNs + nearMs * 1e6;
  const isNear = ({ begin }: { begin: { pointNs: number } }): boolean =>
    begin.pointNs >= fromNs && begin.pointNs <= toNs;
  return { lanes: lanes.map((lane) => ({ ...lane, outages: lane.outages.filter(isNear) })) };
}

const nearMs = 60_000;

/**
 * A limit is set, not observed; a rehearsal's waits of the control plane are only its pace; a file
 * takes no more than an hour.
 */
function isUsable({ profile, duration, valueMs }: Observation, rehearsed: boolean): boolean {
  const table: Record<string, Record<string, { kind: string }>> = timingTable;
  const kind = Object.hasOwn(table, profile) ? table[profile]?.[duration]?.kind : undefined;
  if (kind === undefined || kind === 'limit' || (kind === 'control' && rehearsed)) return false;
  return valueMs >= 0 && valueMs <= valueMsMax;
}

/** As `run --timing FILE` takes them. */
export const valueMsMax = 3_600_000;

function engineOf({ started, events, lanes }: Measurement): Engine | null {
  const named = started?.engine?.engine ?? '';
  if (/postgres/.test(named)) return 'pg';
  if (/mysql|mariadb/.test(named)) return 'mysql';
  if (events.some(({ data }) => /aurora_?mysql|mysql_aurora/i.test(data.message))) return 'mysql';
  const is57P03 = lanes.some(({ ticks }) => ticks.some(({ error }) => error?.sqlstate === '57P03'));
  // Only Aurora PostgreSQL tells of its fast startup, and only Postgres has these parameters.
  const told = events.some(({ data }) => /Aurora fast startup|max_wal_senders/.test(data.message));
  return is57P03 || told ? 'pg' : null;
}

/** The one operation that the events tell of; null where it is none, or more than one. */
function profileOf(
  events: readonly EntryOf<'event'>[],
  engine: Engine | null,
): TimingProfile | null {
  const says = (pattern: RegExp): boolean => events.some(({ data }) => pattern.test(data.message));
  const found: TimingProfile[] = [];
  if (says(/with zero downtime finished/) && engine !== null) found.push(`zdp.success.${engine}`);
  if (says(/^Completed failover to DB instance/) && engine !== null)
    found.push(`aurora.failover.direct.${engine}`);
  if (says(/^Multi-AZ instance failover started/)) found.push('rds.multiaz.failover');
  else if (found.length === 0 && says(/^DB instance restarted/) && !says(/upgrade|failover/i))
    found.push('rds.reboot');
  const [profile] = found;
  return found.length === 1 && profile !== undefined ? profile : null;
}
