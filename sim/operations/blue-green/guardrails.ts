/**
 * The guardrails of a switchover: whether both sides are ready for it, judged from what was found
 * on them. AWS names what is examined and no thresholds
 * (AmazonRDS UserGuide/blue-green-deployments-switching.html, "Switchover guardrails"). Pure.
 */
import type { CheckData } from '../../events.js';

/** Somebody who is at work on a server, in a few words. */
export interface Busy {
  readonly who: string;
  readonly forMs: number;
  readonly statement: string;
}

/** What was found on both sides. */
export interface Examined {
  readonly replication: {
    readonly state: 'streaming' | 'connecting' | 'broken';
    /** In the server's own words. */
    readonly why: string | null;
  };
  /** How long green took to have all that blue had when it was asked. */
  readonly lag: {
    /** Null: longer than the limit. */
    readonly caughtUpMs: number | null;
    readonly limitMs: number;
  };
  /** Who writes on green. */
  readonly greenWrites: readonly Busy[];
  /** What blue itself follows, or publishes to, besides green. */
  readonly external: readonly string[];
  readonly longWrites: readonly Busy[];
  readonly longDdl: readonly Busy[];
  /**
   * What happened on blue that logical replication does not carry over: green is degraded, and the
   * deployment must be deleted and made again.
   */
  readonly notCarried: readonly string[];
}

const listedMax = 5;

/** Each guardrail, passed or not. */
export function guardrails(examined: Examined): CheckData[] {
  const { replication, lag, greenWrites, external, longWrites, longDdl, notCarried } = examined;
  const { caughtUpMs, limitMs } = lag;
  const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
  return [
    check(
      'replication-health',
      replication.state === 'streaming' ? [] : [replication.why ?? `it is ${replication.state}`],
      'green follows blue',
      'green does not follow blue',
    ),
    check(
      'replication-degraded',
      notCarried,
      'nothing happened on blue that replication does not carry over',
      'Replication degraded, delete the deployment and make another',
    ),
    check(
      'replication-lag',
      // Of one that does not follow at all, how far it is behind says nothing.
      caughtUpMs === null && replication.state !== 'broken'
        ? [`green lags by more than ${seconds(limitMs)}`]
        : [],
      `green had all that blue had within ${seconds(caughtUpMs ?? 0)}`,
      'too far behind',
    ),
    check('green-writes', greenWrites.map(text), 'nobody writes on green', 'somebody writes on it'),
    check(
      'external-replication',
      external,
      'blue follows nobody, and has no other logical followers',
      'blue takes part in other replication',
    ),
    check('long-writes', longWrites.map(text), 'no write has been going on for long', 'on blue'),
    check('long-ddl', longDdl.map(text), 'no DDL has been running for long', 'on blue'),
  ];
}

/** Why the switchover does not take place, in one clause; null where it does. */
export function refusalOf(checks: readonly CheckData[]): string | null {
  const blocked = checks.filter(({ state }) => state === 'blocked');
  if (blocked.length === 0) return null;
  return blocked.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
}

function check(name: string, found: readonly string[], fine: string, wrong: string): CheckData {
  if (found.length === 0) return { name, when: 'before', state: 'ok', detail: fine };
  const more = found.length > listedMax ? ` and ${found.length - listedMax} more` : '';
  const detail = `${wrong}: ${found.slice(0, listedMax).join('; ')}${more}`;
  return { name, when: 'before', state: 'blocked', detail };
}

function text({ who, forMs, statement }: Busy): string {
  const said = statement === '' ? '' : `: ${statement}`;
  return `${who} for ${Math.round(forMs / 100) / 10} s${said}`;
}
