/**
 * One picture of a run: a function of what is known of it, of what a person did to the picture, and
 * of the size of the window. What is on the terminal, what `--frame` prints and what the tests
 * compare are these lines.
 */
import type { RunReport } from '../harness/verdict/run-report.js';
import type { RunView } from '../harness/view/run-view.js';
import type { Scale } from '../harness/view/window.js';
import type { Happening } from './happenings.js';
import { footer, helpLines, type KeyMode } from './keys.js';
import { type Layout, layout, type Size } from './layout.js';
import { characters, cutLine, emptyLine, fitted, type Line, narrow, span, spread } from './line.js';
import { marksOf } from './marks.js';
import { shownLanes, type TimeRow, timeRows } from './rows.js';
import { axisOf, type ScreenState, type Surroundings, shownScale } from './screen-state.js';
import { detailLines, detailTexts } from './sections/detail.js';
import { eventLines } from './sections/events.js';
import { type HeaderInput, header, type Mode, phasesLine, scrubLine } from './sections/header.js';
import { panelLines, panelRows, topologyLines } from './sections/panels.js';
import { sessionLines } from './sections/sessions.js';
import { legendLine, statusLine } from './sections/small.js';
import { band, rowLine, ruler, type TimelineInput, wholeRun } from './sections/timeline.js';
import { title } from './sections/title.js';
import { verdictLines } from './sections/verdict.js';

export interface Picture {
  readonly view: RunView;
  /** As of some instant not long ago. */
  readonly report: RunReport;
  readonly happenings: readonly Happening[];
  readonly mode: Mode;
  readonly state: ScreenState;
  /** Why the run is about to end, or null. */
  readonly stopping: string | null;
  /** Waits for a `y` or an `n`, or null. */
  readonly question: string | null;
  readonly ascii: boolean;
}

/** A line, and of a row of time what it says in words. */
export interface FrameLine {
  readonly line: Line;
  readonly said?: string;
}

/** Lines for the window: fewer than it has rows, and none wider than it. */
export function frame(picture: Picture, size: Size): FrameLine[] {
  return new Frame(picture, size).lines().map(({ line, ...rest }) => ({
    ...rest,
    line: fitted(line, size.columns),
  }));
}

/** What keys need to know of the picture that is shown. */
export function surroundings(picture: Picture, size: Size): Surroundings {
  const { view } = picture;
  return {
    scale: view.scale,
    t0Ns: view.t0Ns,
    nowNs: view.nowNs,
    columns: new Frame(picture, size).cellColumns,
    lanes: shownLanes(view).map(({ spec }) => spec.name),
    outages: view.outages(),
  };
}

/** How many columns there would be where the window is too small for any. */
const someColumns = 40;

class Frame {
  readonly #picture: Picture;
  readonly #size: Size;
  readonly #scale: Scale;
  readonly #rows: readonly TimeRow[];
  /** Null where the window is too small. */
  readonly #plan: Layout | null;

  constructor(picture: Picture, size: Size) {
    this.#picture = picture;
    this.#size = size;
    this.#scale = shownScale(picture.state, picture.view.scale);
    this.#rows = this.#makeRows();
    this.#plan = this.#layout();
  }

  /** Columns of time: what is shown in them has no say in it. */
  get cellColumns(): number {
    return this.#plan?.cellColumns ?? someColumns;
  }

  lines(): FrameLine[] {
    const { columns, rows } = this.#size;
    if (rows < 1 || columns < 1) return [];
    const plan = this.#plan;
    if (plan === null) return [{ line: statusLine(this.#header, columns) }];
    const { view, state } = this.#picture;
    if (view.started === null && !view.hasPolls) return this.#nothingYet(plan);
    const body = state.help ? this.#help(plan) : this.#body(plan);
    const room = Math.max(1, plan.lines - 2);
    const filled = [...body.slice(0, room)];
    while (filled.length < room) filled.push({ line: emptyLine });
    return [{ line: header(this.#header, columns) }, ...filled, { line: this.#footer(columns) }];
  }

  #nothingYet({ columns, lines }: Layout): FrameLine[] {
    const said: FrameLine = { line: [span(' nothing is told yet', 'dim')] };
    const empty = Array.from({ length: lines - 2 }, (): FrameLine => ({ line: emptyLine }));
    return [said, ...empty, { line: this.#footer(columns) }];
  }

  get #header(): HeaderInput {
    const { view, report, mode, state, stopping, ascii } = this.#picture;
    return { view, report, mode, heldNs: state.heldNs, stopping, marks: marksOf(ascii), ascii };
  }

  get #untilNs(): number {
    return this.#picture.state.heldNs ?? Number.POSITIVE_INFINITY;
  }

  #makeRows(): TimeRow[] {
    const { view, report, state, ascii } = this.#picture;
    const { selected, errorKinds } = state;
    const marks = marksOf(ascii);
    const look = { ascii, errorKinds };
    return timeRows({ view, report, untilNs: this.#untilNs, selected, marks, look });
  }

  #layout(): Layout | null {
    const { report, state, happenings, ascii } = this.#picture;
    const { selected, lower } = state;
    const panels = panelRows({ report, marks: marksOf(ascii), ascii });
    return layout(this.#size, {
      rows: this.#rows,
      events: happenings.length,
      objectives: Math.max(1, report.objectives.length),
      panels: Math.min(panelRowsMost, panels),
      detail: selected === null ? 0 : detailTexts(selected, report, ascii).length,
      lower,
      label: Math.max(0, ...this.#rows.map(({ label }) => characters(label))),
    });
  }

  #body(plan: Layout): FrameLine[] {
    const { view, report, happenings, state, ascii, mode } = this.#picture;
    const { selected, errorKinds, heldNs } = state;
    const marks = marksOf(ascii);
    const look = { ascii, errorKinds };
    const { columns } = plan;
    const axis = axisOf(state, view.scale, plan.cellColumns);
    const time: TimelineInput = {
      ...{ view, axis, layout: plan, marks, look, selected },
      isHeld: heldNs !== null,
    };
    const second =
      mode.kind === 'replay'
        ? scrubLine(mode.play, marks, columns)
        : phasesLine(this.#header, columns);
    const untilNs = Math.min(this.#untilNs, view.nowNs);
    const above: Line[] = [
      ...(plan.phases ? [second] : []),
      ...(plan.wholeRun ? wholeRun(time, this.#scale) : []),
      ...(plan.ruler ? [ruler(time, this.#scale.zeroNs), band(time, untilNs)] : []),
    ];
    const lanes = this.#rows.filter((_, index) => plan.rows[index] === true);
    const isOver = view.finished !== null;
    const below: Line[] = [
      ...(plan.legend ? [legendLine(view, columns, look)] : []),
      ...panelLines({ report, marks, ascii }, columns, plan.panels),
      ...(plan.sessions > 0 ? sessionLines(report, columns, marks) : []),
      ...(selected === null
        ? []
        : detailLines(selected, report, { columns, rows: plan.detail, marks, ascii })),
      ...this.#topology(plan),
      ...eventLines({ view, happenings, marks, ascii }, columns, plan.events),
      ...verdictLines({ report, isOver, marks, ascii }, columns, plan.verdict),
    ];
    return [
      ...above.map((line) => ({ line })),
      ...lanes.map((row) => ({ line: rowLine(row, time), said: row.said })),
      ...below.map((line) => ({ line })),
    ];
  }

  #topology({ topology, columns }: Layout): Line[] {
    if (topology === 0) return [];
    const { report, ascii } = this.#picture;
    const marks = marksOf(ascii);
    const lines = topologyLines({ report, marks, ascii }).map((line): Line => [span(' '), ...line]);
    return [title([span('topology')], columns, marks), ...lines.slice(0, topology - 1)];
  }

  #help({ columns }: Layout): FrameLine[] {
    const { ascii } = this.#picture;
    const lines = helpLines(this.#keyMode, ascii);
    const heading = title([span('keys')], columns, marksOf(ascii));
    const room = this.#size.rows - 4;
    const halves = lines.length <= room ? [lines] : [lines.slice(0, room), lines.slice(room)];
    const width = Math.floor(columns / halves.length);
    const rows = (halves[0] ?? []).map((left, index): Line => {
      const right = halves[1]?.[index];
      if (right === undefined) return left;
      return [...padded(left, width, ascii), ...cutLine(right, columns - width, ascii)];
    });
    return [heading, ...rows].map((line) => ({ line }));
  }

  get #keyMode(): KeyMode {
    return this.#picture.mode.kind;
  }

  #footer(columns: number): Line {
    const { state, mode, ascii, view } = this.#picture;
    const lanes = shownLanes(view).length;
    const moves = mode.kind === 'replay' ? mode.play.playing : state.heldNs === null;
    const keys = footer(columns, { mode: mode.kind, ascii, lanes, moves });
    const { question } = this.#picture;
    if (question !== null) {
      const asked = [span(` ${narrow(question, ascii)}`, 'slow')];
      return spread(
        asked,
        [span('y', 'accent'), span(' yes  '), span('n', 'accent'), span(' no ')],
        columns,
      );
    }
    return state.notice === null ? keys : [span(` ${narrow(state.notice, ascii)}`, 'accent')];
  }
}

/** Rows of the panels below their titles. */
const panelRowsMost = 6;

function padded(line: Line, columns: number, ascii: boolean): Line {
  const cut = cutLine(line, columns - 1, ascii);
  const used = cut.reduce((sum, { text }) => sum + characters(text), 0);
  return [...cut, span(' '.repeat(Math.max(0, columns - used)))];
}
