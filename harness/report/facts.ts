/** Sentences that the summary and the markdown share. Pure. */
import { exitCodeOf } from '../verdict/judge.js';
import type { OutageReport, RunReport } from '../verdict/run-report.js';
import { standInText, stepText } from './rehearsed.js';
import {
  boundsText,
  exactSeconds,
  measuredText,
  offsetText,
  plain,
  plural,
  shortMs,
  type TextOptions,
} from './text.js';

/** `aurora-postgresql 17.4 → 17.5`, as the servers themselves said where they were asked. */
export function versionsText(report: RunReport): string {
  const { engine, servers } = report;
  const name = typeof engine?.engine === 'string' ? `${engine.engine} ` : '';
  const from = servers.before?.version ?? text(engine?.from);
  const to = servers.after?.version ?? text(engine?.to);
  if (from === '' && to === '') return '';
  const unread = servers.before === null || servers.after === null ? ' (as asked for)' : '';
  if (report.substitute !== null)
    return `${name}${askedText(engine)}${standInText(report)}${unread}`;
  return `${name}${stepText(engine, from, to)}${unread}`;
}

function askedText(engine: RunReport['engine']): string {
  return stepText(engine, text(engine?.from), text(engine?.to));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** In place of a verdict where a complete history was given no objective. */
export const measuredWord = 'MEASURED';

/** `PASS`, `FAIL`, `UNKNOWN`, or that there was nothing to judge. */
export function verdictWord(report: RunReport): string {
  return exitCodeOf(report) === 0 && report.verdict === 'unknown'
    ? measuredWord
    : report.verdict.toUpperCase();
}

/** `3 of 4 objectives met`. */
export function metText(report: RunReport): string {
  const met = report.objectives.filter((objective) => objective.verdict === 'pass').length;
  return `${met} of ${report.objectives.length} objectives met`;
}

/** The columns of one objective: what was asked, what was measured, why where it needs one. */
export function objectiveText(
  objective: RunReport['objectives'][number],
  options: TextOptions,
): { asked: string; measured: string; why: string } {
  return {
    asked: plain(objective.text, options),
    measured: measuredText(objective.measured, options),
    why: objective.why === null ? '' : plain(objective.why, options),
  };
}

/** Where the time of an outage came from: `modelled 1.6s, engine 0.7s, added by the client 0ms`. */
export function sharesText(outage: OutageReport): string {
  if (outage.shares === null) return '';
  const { modelledMs, engineMs, clientMs, clientWithinProbeError } = outage.shares;
  const { injectedMs, copyingMs, defectMs, staleMs } = outage.shares;
  const injected = injectedMs === 0 ? '' : `by injected faults ${shortMs(injectedMs)}, `;
  const copying = copyingMs === 0 ? '' : `while this tool copied data ${shortMs(copyingMs)}, `;
  const defect = defectMs === 0 ? '' : `by the exercised defect ${shortMs(defectMs)}, `;
  const stale = staleMs === 0 ? '' : `by stale DNS ${shortMs(staleMs)}, `;
  const error = clientWithinProbeError ? ' (within probe error)' : '';
  return (
    `modelled ${shortMs(modelledMs)}, engine ${shortMs(engineMs)}, ` +
    `${injected}${copying}${defect}${stale}` +
    `added by the client ${shortMs(clientMs)}${error}`
  );
}

/** `refused 2, starting-up 3 (57P03)`; edge polls are named apart. */
export function errorsText(outage: OutageReport): string {
  const kinds = outage.errorKinds.map(({ kind, polls, edgePolls }) => {
    const edge = edgePolls === 0 ? '' : ` (+${edgePolls} edge)`;
    return `${kind} ${polls}${edge}`;
  });
  return `${kinds.join(', ')}${codesText(outage)}`;
}

/** Numbers say more than SQLSTATEs where there are both: much of MySQL's is HY000. */
function codesText({ sqlstates, errorNumbers = [] }: OutageReport): string {
  if (errorNumbers.length > 0) return `; error ${errorNumbers.join(', ')}`;
  return sqlstates.length === 0 ? '' : `; SQLSTATE ${sqlstates.join(', ')}`;
}

/**
 * Where the outage lies and how long it was: `+0.5s to +2.9s: 2.4s ±0.5s, bounds 1.92s to
 * 2.90s`. Without a T0 the edges are wall-clock times.
 */
export function outageText(
  outage: OutageReport,
  report: Pick<RunReport, 't0Ms'>,
  options: TextOptions,
): string {
  const from =
    report.t0Ms === null && outage.startedAt !== null
      ? `from ${outage.startedAt}`
      : `${offsetText(outage.startMs)} to ${offsetText(outage.endMs)}`;
  if (outage.upperMs === null) {
    const end = outage.endedMs[1] === null ? 'it ended' : 'it began';
    const least = boundsText(outage, options);
    return `${from}: ${least}, no upper bound: nobody saw when ${end}`;
  }
  const bounds = `${exactSeconds(outage.lowerMs)} to ${exactSeconds(outage.upperMs)}`;
  return `${from}: about ${shortMs(outage.estimateMs)}, bounds ${bounds}`;
}

/** `6 at T0, 6 preserved, 0 dropped, 0 reconnected`. */
export function sessionsText(sessions: NonNullable<RunReport['sessions']>): string {
  const { present, preserved, dropped, reconnected, brokenCount } = sessions;
  return (
    `${present} at T0, ${preserved} preserved, ${dropped} dropped, ` +
    `${reconnected} reconnected, ${brokenCount} broken`
  );
}

/** The kinds of the preserved sessions: `probe writer, ledger writer, 3 load idle`. */
export function preservedKindsText(sessions: NonNullable<RunReport['sessions']>): string {
  const counts = new Map<string, number>();
  for (const { kind, fate } of sessions.list)
    if (fate === 'preserved') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`));
  return kinds.length === 0 ? '' : `preserved: ${kinds.join(', ')}`;
}

/** At most so many broken sessions are told one by one. */
const brokenShownMax = 5;

/** What kept sessions have lost all the same, a line each. */
export function brokenTexts(sessions: NonNullable<RunReport['sessions']>): string[] {
  const shown = sessions.broken.slice(0, brokenShownMax).map(({ text }) => `broken: ${text}`);
  const more = sessions.brokenCount - shown.length;
  return more > 0 ? [...shown, `and ${more} more broken sessions`] : shown;
}

/** The ledger in one sentence. */
export function writesText(writes: NonNullable<RunReport['writes']>): string {
  const told =
    `${writes.acknowledged} acknowledged, ${writes.failed} failed, ` + `${writes.inDoubt} in doubt`;
  if (!writes.readBack) return `${told}; not read back, so nothing is known of lost writes`;
  const resolved = `in doubt: ${writes.inDoubtPresent} present, ${writes.inDoubtAbsent} absent`;
  const found =
    `${writes.lost} lost, ${writes.duplicated} duplicated, ` + `${writes.resurrected} resurrected`;
  return writes.inDoubt === 0 ? `${told}; ${found}` : `${told}; ${found}; ${resolved}`;
}

/** How late our own scheduling was. */
export function observerText(observer: NonNullable<RunReport['observer']>): string {
  // A lane ticks at other instants, and may be later: that is in its doubt.
  const worst = `its own worst tick ${shortMs(observer.worstMs)} late`;
  const late = `${worst}, p99 ${shortMs(observer.p99Ms)}`;
  if (observer.stalls.length === 0) return `no stalls (${late})`;
  const total = observer.stalls.reduce((sum, stall) => sum + stall.durationMs, 0);
  return `${plural(observer.stalls.length, 'stall')} of ${shortMs(total)} in all (${late})`;
}

/** The three clocks, or an empty text where no world told of them. */
export function clocksText(report: RunReport, options: TextOptions): string {
  const { control, engine, client } = report.clocks;
  if (control === null && engine === null) return '';
  const felt = Object.entries(client).filter(([, bounds]) => bounds.upperMs !== 0);
  const [worst] = felt.sort(([, a], [, b]) => b.estimateMs - a.estimateMs);
  const parts = [
    control === null ? '' : `control plane ${shortMs(control.durationMs)}`,
    engine === null ? '' : `engine down ${shortMs(engine.durationMs)}`,
    worst === undefined
      ? 'no poll met an outage'
      : `clients felt up to ${boundsText(worst[1], options)} (${worst[0]})`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** What was real and what was modelled; empty for a log or a probe, where all was real. */
export function realText(report: RunReport): string[] {
  if (report.command !== 'run') return [];
  // The lanes' phases are drawn too, but stretch nothing.
  const drawn = report.schedule.filter(
    ({ name, unit, value }) =>
      unit === 'ms' && !isLanePhase(name) && value > 0 && isUsed(report, name),
  );
  const assumed = drawn.filter((draw) => draw.observations === 0).length;
  const durations = `${plural(drawn.length, 'duration')} (${assumed} of them assumed), `;
  return [
    `real: the servers, every connection, answer and error, the sessions' state, the writes`,
    `modelled: ${drawn.length === 0 ? '' : durations}the event texts`,
  ];
}

/** What the operation had no use for shaped nothing. */
export function isUsed({ usedDurations }: RunReport, name: string): boolean {
  return usedDurations === null || isLanePhase(name) || usedDurations.includes(name);
}

function isLanePhase(name: string): boolean {
  return name.startsWith('lane.');
}

export const probeErrorText =
  '± is the probe error of this measurement, not a forecast for your database';
export const defaultSessionsText =
  'default sessions, not yours: --sessions rehearses what your application holds open';

/** Data loss that no objective asks about is said all the same. */
export function unaskedLoss(report: RunReport): string {
  const { writes, objectives } = report;
  if (writes === null || objectives.some((objective) => objective.dataLoss)) return '';
  const bad = (writes.lost ?? 0) + (writes.duplicated ?? 0) + (writes.resurrected ?? 0);
  return bad === 0 ? '' : `data at stake, though no objective asks: ${writesText(writes)}`;
}
