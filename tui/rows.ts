/** The rows of time: lanes, what answered, names, our own lateness, lag, commits. Pure. */

import type { NameMeasure } from '../harness/measure/dns.js';
import { shortMs } from '../harness/report/text.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import type { CellState } from '../harness/view/cells.js';
import { type Axis, clusterRows, type NameRow } from '../harness/view/cluster-rows.js';
import type { LaneNow, LaneTrack } from '../harness/view/lane-track.js';
import type { RunView } from '../harness/view/run-view.js';
import {
  type CellLook,
  joined,
  lagSpans,
  laneSpans,
  letterSpans,
  observerSpans,
  servedLetters,
  sparkSpans,
  tokenOf,
} from './cells.js';
import { endOf, laneLabel } from './labels.js';
import type { WantedRow } from './layout.js';
import { narrow, type Span, span } from './line.js';
import type { Marks } from './marks.js';

export interface TimeRow extends WantedRow {
  readonly label: string;
  /** The lane that it is of, where one can select it. */
  readonly lane: string | null;
  readonly cells: (axis: Axis) => readonly Span[];
  readonly now: Span;
  readonly down: string;
  /** For those who do not see it. */
  readonly said: string;
}

export interface RowsInput {
  readonly view: RunView;
  readonly report: RunReport;
  /** What was answered later is not shown. */
  readonly untilNs: number;
  readonly selected: string | null;
  readonly marks: Marks;
  readonly look: CellLook;
}

/** In the order in which they stand. */
export function timeRows(input: RowsInput): TimeRow[] {
  return [
    ...laneRows(input),
    ...servedRows(input),
    ...nameRows(input),
    ...observerRow(input),
    ...lagRows(input),
    ...commitsRow(input),
  ];
}

/** Lanes as they are numbered: those that poll and show cells. */
export function shownLanes(view: RunView): LaneTrack[] {
  return view.lanes.filter(({ spec }) => spec.kind !== 'served-by');
}

function laneRows(input: RowsInput): TimeRow[] {
  const { view, report, untilNs, selected, look } = input;
  const lanes = shownLanes(view).filter(({ spec }) => spec.kind !== 'replica-lag');
  const first = lanes.find(({ spec }) => spec.name === 'writer') ?? lanes[0];
  return lanes.map((lane) => {
    const { name } = lane.spec;
    const now = lane.now(view.nowNs);
    const downtime = report.lanes[name]?.downtime;
    const down = downtime === undefined ? '-' : shortMs(downtime.estimateMs).replace(/^0ms$/, '0s');
    return {
      rank: lane === first ? 'first' : lane.spec.kind === 'reader' ? 'reader' : 'lane',
      keep: name === selected,
      label: laneLabel(name),
      lane: name,
      cells: (axis) => laneSpans(lane.cells(axis, untilNs), look),
      now: nowSpan(now, view),
      down,
      said: `${name}, ${nowSpan(now, view).text}, down ${down} in all`,
    };
  });
}

/** `2ms`, `DOWN 2.5s`, `SLOW`, `in doubt`, `wait 3.0s`. */
export function nowSpan(now: LaneNow, view: RunView): Span {
  const { state, tookNs, sinceNs, waitsSinceNs } = now;
  const isOver = view.finished !== null;
  if (waitsSinceNs !== null && !isOver)
    return span(`wait ${shortMs((view.nowNs - waitsSinceNs) / 1e6)}`, 'slow');
  const text: Readonly<Record<CellState, string>> = {
    none: '-',
    ok: shortMs(tookNs / 1e6),
    slow: 'SLOW',
    unknown: 'in doubt',
    fail: `DOWN ${shortMs(Math.max(0, view.nowNs - sinceNs) / 1e6)}`,
  };
  return span(text[state], state === 'ok' ? 'plain' : tokenOf(state));
}

function servedRows({ view, untilNs, look }: RowsInput): TimeRow[] {
  return view.servedBy(untilNs).map(({ lane, served, columns, now }) => {
    const target = lane.includes('/') ? `${lane.slice(0, lane.lastIndexOf('/'))}/` : '';
    const letters = servedLetters(served);
    const last = now === null ? null : (served[now] ?? null);
    const isOneVersion = new Set(served.map(({ version }) => version)).size === 1;
    const what = (isOneVersion ? last?.instance : null) ?? last?.version ?? '';
    const letter = now === null ? '' : (letters[now]?.text ?? '');
    return {
      ...{ rank: 'served' as const, keep: false, lane: null, down: '' },
      label: laneLabel(`${target}served-by`),
      cells: (axis) => letterSpans(columns(axis), letters),
      now: span(
        last === null ? '-' : `${letter} ${endOf(narrow(what, look.ascii), 9, look.ascii)}`,
      ),
      said: `${target}served by ${what === '' ? 'nobody yet' : what}`,
    };
  });
}

/**
 * Where names led that changed their answer: a digit for each instance, `!` where it was stale.
 * The names of one cluster that led to the same places are one row.
 */
function nameRows({ view, look }: RowsInput): TimeRow[] {
  const cluster = view.cluster();
  const instances = [
    ...new Set(cluster.names.flatMap(({ answers }) => answers.map(({ value }) => value))),
  ];
  const digit = (value: string): string => (instances.indexOf(value) + 1).toString(36).slice(-1);
  const whole = { originNs: 0, columnNs: cluster.endNs + 1, columns: 1 };
  const rows = clusterRows(cluster, whole).names.map(({ label, values }, at) => ({
    label,
    at,
    now: values[0] ?? null,
  }));
  return merged(rows, cluster.names).map(({ label, at, now }) => {
    const place = now === null ? '' : endOf(narrow(now, look.ascii), 9, look.ascii);
    return {
      ...{ rank: 'names' as const, keep: false, lane: null, down: '' },
      label: narrow(label, look.ascii),
      cells: (axis) => nameSpans(clusterRows(cluster, axis).names[at], digit),
      now: span(now === null ? '-' : `${digit(now)} ${place}`),
      said: `${label}: ${now ?? 'nothing yet'}`,
    };
  });
}

interface NamedRow {
  readonly label: string;
  readonly at: number;
  readonly now: string | null;
}

function merged(rows: readonly NamedRow[], names: readonly NameMeasure[]): NamedRow[] {
  const shown = names.filter((one) => one.listener !== 'doorway' && one.answers.length > 1);
  const groups = new Map<string, NamedRow[]>();
  for (const row of rows) {
    const name = shown[row.at];
    const key = JSON.stringify([name?.endpoint.split('.')[0], name?.answers, name?.stale]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const label = others.length === 0 ? first.label : first.label.replace(/ (writer|reader)$/, '');
    return [{ ...first, label }];
  });
}

function nameSpans(row: NameRow | undefined, digit: (value: string) => string): Span[] {
  const pieces = (row?.values ?? []).map((value, column): Span => {
    if (row?.stale[column] === true) return { text: '!', token: 'slow' };
    if (value === null) return { text: ' ', token: 'plain' };
    return { text: digit(value), token: digit(value) === '1' ? 'accent' : 'ok' };
  });
  return joined(pieces);
}

function observerRow({ view, report, untilNs, marks, look }: RowsInput): TimeRow[] {
  const { observer } = view;
  if (observer === null || observer.ticks.length === 0) return [];
  const stalls = report.observer?.stalls.length ?? 0;
  const { tookNs } = observer.now(view.nowNs);
  return [
    {
      // As long as nothing was late it says nothing that a narrow screen needs.
      ...{ rank: stalls > 0 ? ('lag' as const) : ('names' as const), keep: false, lane: null },
      label: 'observer',
      cells: (axis) => observerSpans(observer.cells(axis, untilNs), marks, look),
      now: span(`${shortMs(tookNs / 1e6)} late`),
      down: stalls > 0 ? `${stalls} stall${stalls === 1 ? '' : 's'}` : '-',
      said: `observer, ${stalls} stalls`,
    },
  ];
}

/** The most that the scale of a lag row begins with: a few milliseconds are no mountain. */
const lagScaleMs = 1_000;

function lagRows({ view, report, untilNs, selected, marks, look }: RowsInput): TimeRow[] {
  const lanes = view.lanes.filter(({ spec }) => spec.kind === 'replica-lag');
  return lanes.map((lane) => {
    const { name } = lane.spec;
    const now = lane.now(view.nowNs);
    const peakMs = report.lag[name]?.max?.estimateMs ?? 0;
    const mostMs = Math.max(lagScaleMs, peakMs);
    const isLag = now.state === 'ok' && now.waitsSinceNs === null;
    const lag = now.lagMs === null ? 'not told' : shortMs(now.lagMs);
    return {
      ...{ rank: 'lag' as const, keep: name === selected, label: laneLabel(name), lane: name },
      cells: (axis) => lagSpans(lane.cells(axis, untilNs), mostMs, marks, look),
      now: isLag ? span(lag) : nowSpan(now, view),
      down: peakMs === 0 ? '-' : `pk ${shortMs(peakMs)}`,
      said: `${name}, ${lag}, at most ${shortMs(peakMs)}`,
    };
  });
}

function commitsRow({ view, untilNs, marks }: RowsInput): TimeRow[] {
  const { commits } = view;
  if (commits.count === 0) return [];
  const until = Math.min(untilNs, writingUntil(view));
  const cells = (axis: Axis): Span[] => {
    const values = commits.perColumn(axis, until);
    return sparkSpans(values, Math.max(0, ...values.map((value) => value ?? 0)), marks);
  };
  const now = commits.at(Math.min(view.nowNs, writingUntil(view)));
  const least = commits.least(until);
  return [
    {
      ...{ rank: 'commits' as const, keep: false, lane: null, label: 'commits/s' },
      cells,
      now: span(now === null ? '-' : String(now)),
      down: least === null ? '' : `min ${least}`,
      said: `${now ?? 0} commits a second, at least ${least ?? 0}`,
    },
  ];
}

/** When the ledger was told to stop, or now. */
function writingUntil(view: RunView): number {
  const verify = view.phases.find(({ name }) => name === 'verify');
  return verify?.fromNs ?? view.nowNs;
}
