/**
 * Durations between events whose texts are known. The texts are those of
 * AuroraUserGuide/USER_Events.Messages.html and of the published event logs that the timing table
 * names. Pure.
 */
import type { EntryOf } from '../history/entry.js';
import type { Observation } from './observation.js';

type Event = EntryOf<'event'>;
export type Engine = 'pg' | 'mysql';

interface Span {
  readonly profile: string;
  readonly duration: string;
  readonly from: RegExp;
  readonly to: RegExp;
  readonly how: string;
  /** Further apart they are of two operations. */
  readonly reachMs: number;
}

const minuteMs = 60_000;
const attempting = /^Attempting to upgrade the database with zero downtime/;
const zdpFinished = /with zero downtime finished\. The process took (\d{1,9}) ms/;
const fastStartup = /^Aurora fast startup completed in \[?(\d{1,12})\]? microseconds/;
/** The event of a process that lasted so long may come so much later. */
const sameAttemptMs = 10_000;

const inPlace = (duration: string, from: RegExp, to: RegExp, how: string): Span => ({
  ...{ profile: 'rds.minor.inplace', duration, from, to, how },
  reachMs: 24 * 60 * minuteMs,
});
const shutdown = /^DB instance shutdown/;
const restarted = /^DB instance restarted/;
const backingUp = /^Backing up DB instance/;
const precheckStarted = /pre-?check started/i;
const precheckFinished = /pre-?check finished/i;
const downtimeStarted = /^The downtime started/;
const upgradeStarted = /^The engine version upgrade started/;
const upgradeFinished = /^The engine version upgrade finished/;

const inPlaceSpans: readonly Span[] = [
  inPlace('precheckMs', precheckStarted, precheckFinished, 'pre-check started to finished'),
  inPlace('shutdownAfterMs', precheckFinished, shutdown, 'pre-check finished to shutdown'),
  inPlace('secondBackupAfterMs', shutdown, backingUp, 'shutdown to the second backup'),
  inPlace('downtimeAfterMs', backingUp, downtimeStarted, 'second backup to downtime started'),
  inPlace('upgradeAfterMs', downtimeStarted, upgradeStarted, 'downtime to upgrade started'),
  inPlace('restartAfterMs', upgradeStarted, restarted, 'upgrade started to restarted'),
  inPlace('finishMs', restarted, upgradeFinished, 'restarted to upgrade finished'),
];

const multiAzFinish: Span = {
  profile: 'rds.multiaz.failover',
  duration: 'finishMs',
  from: restarted,
  to: /^Multi-AZ instance failover completed/,
  how: 'restarted to Multi-AZ failover completed',
  reachMs: 10 * minuteMs,
};

/**
 * What the events show; an end without its begin, or a begin without its end, shows nothing.
 * @param engine of the cluster, or null where it is not known: then nothing of Aurora
 */
export function spansOf(events: readonly Event[], engine: Engine | null): Observation[] {
  const byTime = [...events].sort((a, b) => a.atNs - b.atNs);
  const spans: Span[] = [];
  if (byTime.some(({ data }) => /^Multi-AZ instance failover started/.test(data.message)))
    spans.push(multiAzFinish);
  if (byTime.some(({ data }) => upgradeStarted.test(data.message))) spans.push(...inPlaceSpans);
  if (engine !== null) spans.push(...zdpSpans(engine));
  const between = spans.flatMap((span) => pairs(byTime, span));
  return engine === null ? between : [...between, ...processes(byTime, engine)];
}

function zdpSpans(engine: Engine): Span[] {
  const profile = `zdp.success.${engine}`;
  return [
    {
      ...{ profile, duration: 'precheckMs', reachMs: 120 * minuteMs, to: attempting },
      from: /engine (minor )?version upgrade started/i,
      how: '"upgrade started" to the attempt at zero downtime',
    },
    {
      ...{ profile, duration: 'finishMs', reachMs: 60 * minuteMs },
      from: /^Database cluster is online\. The primary instance is ready/,
      to: /^Database cluster engine version has been upgraded/,
      how: '"primary instance is ready" to "engine version has been upgraded"',
    },
  ];
}

/** From each begin to the first end after it; a begin that comes again begins anew. */
function pairs(events: readonly Event[], span: Span): Observation[] {
  const found: Observation[] = [];
  let fromNs: number | null = null;
  for (const { atNs, data } of events) {
    if (span.to.test(data.message) && fromNs !== null) {
      const valueMs = (atNs - fromNs) / 1e6;
      if (valueMs <= span.reachMs) found.push(observed(span, valueMs));
      fromNs = null;
    }
    if (span.from.test(data.message)) fromNs = atNs;
  }
  return found;
}

function observed({ profile, duration, how }: Span, valueMs: number): Observation {
  return { profile, duration, valueMs, how };
}

/**
 * Zero-downtime patches that tell how long they took, once each: cluster and instance both tell.
 * The fast startup is the part in which new connections are told to wait, the rest of the process
 * the part in which they are refused; without an event of it neither is known.
 */
function processes(events: readonly Event[], engine: Engine): Observation[] {
  const profile = `zdp.success.${engine}`;
  const found: Observation[] = [];
  let lastNs = Number.NEGATIVE_INFINITY;
  for (const { atNs, data } of events) {
    const tookMs = Number(zdpFinished.exec(data.message)?.[1] ?? Number.NaN);
    if (Number.isNaN(tookMs) || atNs - lastNs < sameAttemptMs * 1e6) continue;
    lastNs = atNs;
    const reachNs = (tookMs + sameAttemptMs) * 1e6;
    const startup = events.findLast(
      (one) => fastStartup.test(one.data.message) && Math.abs(one.atNs - atNs) <= reachNs,
    );
    const micros = Number(fastStartup.exec(startup?.data.message ?? '')?.[1] ?? Number.NaN);
    const startingUpMs = micros / 1_000;
    if (!(startingUpMs <= tookMs)) continue;
    found.push(
      {
        ...{ profile, duration: 'startingUpMs', valueMs: startingUpMs },
        how: 'fast startup, as the event tells it',
      },
      {
        ...{ profile, duration: 'refusedMs', valueMs: tookMs - startingUpMs },
        how: 'the process less the fast startup, as the events tell them',
      },
    );
  }
  return found;
}
