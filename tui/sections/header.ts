/** The first two lines: what is rehearsed, at which instant, in which phase. Pure. */
import { versionsText } from '../../harness/report/facts.js';
import { offsetText, shortMs } from '../../harness/report/text.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import type { PhaseSpan } from '../../harness/view/phase-band.js';
import type { RunView } from '../../harness/view/run-view.js';
import { type Line, narrow, packedLine, type Span, span, spread, widthOf } from '../line.js';
import type { Marks } from '../marks.js';

/** Whose picture it is: of a run under way, of one that has ended, or of a replay. */
export type Mode = { readonly kind: 'live' } | { readonly kind: 'replay'; readonly play: Play };

/** Where a replay is. */
export interface Play {
  readonly speed: number;
  readonly playing: boolean;
  readonly atNs: number;
  readonly endNs: number;
  /** Of the whole run, also before it is reached; null where it has none. */
  readonly t0Ns: number | null;
}

export interface HeaderInput {
  readonly view: RunView;
  readonly report: RunReport;
  readonly mode: Mode;
  readonly heldNs: number | null;
  /** Why the run is about to end, or null. */
  readonly stopping: string | null;
  readonly marks: Marks;
  readonly ascii: boolean;
}

export function header(input: HeaderInput, columns: number): Line {
  const { view, report, marks, ascii } = input;
  const isWide = columns >= 110;
  const { seed } = report;
  const intervals = [...new Set(view.lanes.map(({ spec }) => spec.intervalMs))];
  const parts: Line[] = [
    [span(narrow(report.scenario, ascii), 'strong')],
    [span(narrow(isWide ? named(report, marks) : stepOnly(report, marks), ascii))],
    ...(seed === null ? [] : [[span(`seed ${narrow(seed, ascii)}`)]]),
    ...(isWide && intervals[0] !== undefined ? [[span(`poll ${shortMs(intervals[0])}`)]] : []),
  ];
  const left = [span(' '), ...packedLine(parts.filter(hasText), columns, isWide ? 3 : 2)];
  const right = [span(clock(view, input.heldNs), 'strong'), span('  '), state(input), span(' ')];
  return spread(left, right, columns);
}

function hasText(line: Line): boolean {
  return line.some(({ text }) => text !== '');
}

/** `17.4 → 17.5`, as the servers said, or as it was asked for. */
function stepOnly({ engine, servers }: RunReport, marks: Marks): string {
  const asked = (value: unknown): string => (typeof value === 'string' ? value : '');
  const from = servers.before?.version ?? asked(engine?.from);
  const to = servers.after?.version ?? asked(engine?.to);
  if (from === '' && to === '') return '';
  return from === to ? from : `${from} ${marks.to} ${to}`;
}

/** The same with the engine's name, and with what stands for it. */
function named(report: RunReport, marks: Marks): string {
  if (report.substitute !== null) return versionsText(report);
  const step = stepOnly(report, marks);
  const engine = report.engine?.engine;
  return typeof engine === 'string' && step !== '' ? `${engine} ${step}` : step;
}

/** From T0 with a sign; while there is none, from the begin of the run without one. */
export function instant({ t0Ns }: Pick<RunView, 't0Ns'>, atNs: number): string {
  return t0Ns === null ? `${(atNs / 1e9).toFixed(1)}s` : offsetText((atNs - t0Ns) / 1e6);
}

function clock(view: RunView, heldNs: number | null): string {
  const { t0Ns, nowNs } = view;
  const at = instant(view, heldNs ?? nowNs);
  return t0Ns === null ? at : `T${at}`;
}

function state({ view, mode, heldNs, stopping, marks }: HeaderInput): Span {
  if (mode.kind === 'replay') {
    const { speed, playing } = mode.play;
    return span(`${marks.replay} REPLAY ${speed}x${playing ? '' : ' paused'}`, 'accent');
  }
  if (heldNs !== null) {
    const behind = Math.max(0, view.nowNs - heldNs);
    return span(`${marks.paused} PAUSED -${shortMs(behind / 1e6)}`, 'slow');
  }
  if (view.finished !== null) return span(`${marks.ended} ENDED`, 'dim');
  if (stopping !== null) return span(`${marks.live} STOPPING`, 'slow');
  return span(`${marks.live} LIVE`, 'ok');
}

/**
 * ` ✓ steady 6.0s  ▶ patch 1.2s  · settle`. Where there is no room, what is long over tells no
 * length, and then goes.
 */
export function phasesLine(input: HeaderInput, columns: number): Line {
  const { view, marks, ascii } = input;
  const { phases, started, finished } = view;
  const names = new Set(phases.map(({ name }) => name));
  const planned = (started?.procedure?.phases ?? []).filter(({ name }) => !names.has(name));
  const toDo = finished === null ? planned : [];
  const ahead = toDo.map(({ name }): Line => [span(`${marks.toDo} ${narrow(name, ascii)}`, 'dim')]);
  const gap = columns >= 110 ? 3 : 2;
  const room = columns - 1;
  const fits = (lines: readonly Line[]): boolean =>
    lines.reduce((sum, line) => sum + gap + widthOf(line), -gap) <= room;
  let begun = phases.map((phase) => begunPhase(phase, input, true));
  for (let index = 0; index < phases.length - 1 && !fits([...begun, ...ahead]); index++)
    begun = phases.map((phase, at) => begunPhase(phase, input, at > index));
  while (begun.length > 1 && !fits(begun)) begun = begun.slice(1);
  return [span(' '), ...packedLine([...begun, ...ahead], room, gap)];
}

function begunPhase(
  { name, fromNs, toNs }: PhaseSpan,
  { view, marks, ascii }: HeaderInput,
  tellsLength: boolean,
): Line {
  const isOver = toNs !== null || view.finished !== null;
  const tookMs = Math.max(0, (toNs ?? view.nowNs) - fromNs) / 1e6;
  return [
    span(isOver ? marks.done : marks.running, isOver ? 'ok' : 'accent'),
    span(` ${narrow(name, ascii)}${tellsLength ? ` ${shortMs(tookMs)}` : ''}`),
  ];
}

/** Where a replay is in its run, as a bar: `├──────▼──▮───┤`. */
export function scrubLine(play: Play, marks: Marks, columns: number): Line {
  const { atNs, endNs, t0Ns } = play;
  const words = ` ${instant(play, atNs)} of ${instant(play, 0)}..${instant(play, endNs)}  `;
  const legend = `  (${t0Ns === null ? '' : `${marks.zero} T0, `}${marks.here} here)`;
  const room = columns - words.length - legend.length - 1;
  if (room < 10) return [span(words)];
  const place = (ns: number): number =>
    Math.min(room - 3, Math.max(0, Math.round((ns / Math.max(1, endNs)) * (room - 3))));
  const bar = new Array<string>(room - 2).fill(marks.rule);
  if (t0Ns !== null) bar[place(t0Ns)] = marks.zero;
  bar[place(atNs)] = marks.here;
  return [
    span(words, 'strong'),
    span(`${marks.ends[0]}${bar.join('')}${marks.ends[1]}`, 'accent'),
    span(legend, 'dim'),
  ];
}
