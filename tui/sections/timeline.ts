/** Whole run, ruler, phases and the rows of time, on one axis. Pure. */
import { shortMs } from '../../harness/report/text.js';
import type { Axis } from '../../harness/view/cluster-rows.js';
import { phaseColumns } from '../../harness/view/phase-band.js';
import type { RunView } from '../../harness/view/run-view.js';
import { fitStep, type Scale, windowAt } from '../../harness/view/window.js';
import { type CellLook, laneSpans } from '../cells.js';
import { endOf, laneLabel } from '../labels.js';
import { downColumns, type Layout, nowColumns } from '../layout.js';
import { characters, column, columnRight, type Line, narrow, span } from '../line.js';
import type { Marks } from '../marks.js';
import { shownLanes, type TimeRow } from '../rows.js';

export interface TimelineInput {
  readonly view: RunView;
  readonly axis: Axis;
  readonly layout: Layout;
  readonly marks: Marks;
  readonly look: CellLook;
  /** The picture is held: what is now stands in brackets. */
  readonly isHeld: boolean;
  readonly selected: string | null;
}

/** A mark every ten columns, counted from T0 or from the first column of the run. */
export function ruler({ view, axis, layout }: TimelineInput, zeroNs: number): Line {
  const { originNs, columnNs } = axis;
  // What is still to come has no time yet.
  const columns = Math.min(axis.columns, Math.ceil((view.nowNs - originNs) / columnNs) + 1);
  const zero = Math.round((zeroNs - originNs) / columnNs);
  let text = '';
  for (let at = ((zero % 10) + 10) % 10; at < columns; at += 10) {
    if (text !== '' && at <= characters(text)) continue;
    const label = rulerLabel(at - zero, columnNs, view.t0Ns !== null);
    text = text.padEnd(at) + label;
  }
  return [span(' '.repeat(layout.labelColumns)), span(text, 'dim')];
}

function rulerLabel(fromZero: number, columnNs: number, hasT0: boolean): string {
  if (fromZero === 0) return hasT0 ? 'T0' : '0';
  const at = shortMs(Math.abs(fromZero * columnNs) / 1e6).replace('.0s', 's');
  return `${fromZero < 0 ? '-' : '+'}${at}`;
}

/** The phases over the lanes, and the heads of the two columns on the right. */
export function band({ view, axis, layout, marks, look }: TimelineInput, untilNs: number): Line {
  const cells = new Array<string>(layout.cellColumns).fill(' ');
  for (const { name, from, to, begins } of phaseColumns(view.phases, axis, untilNs)) {
    cells.fill(marks.rule, from, to);
    if (begins) cells[from] = marks.tee;
    const start = from + (begins ? 1 : 0);
    const shown = phaseName(narrow(name, look.ascii), to - start);
    cells.splice(start, characters(shown), ...shown);
  }
  return [
    span(` ${column('phase', layout.labelColumns - 1, look.ascii)}`, 'dim'),
    span(cells.join(''), 'dim'),
    span(columnRight('now', nowColumns, look.ascii), 'dim'),
    span(columnRight('down', downColumns, look.ascii), 'dim'),
  ];
}

/** With spaces around it where there is room for them. */
function phaseName(name: string, room: number): string {
  if (characters(name) + 2 <= room) return ` ${name} `;
  return [...name].slice(0, Math.max(0, room)).join('');
}

/** One row: label, cells, what is now, what it comes to. */
export function rowLine(row: TimeRow, input: TimelineInput): Line {
  const { axis, layout, marks, look, isHeld, selected } = input;
  const isSelected = row.lane !== null && row.lane === selected;
  const columns = layout.labelColumns - 2;
  const label = column(endOf(row.label, columns, look.ascii), columns, look.ascii);
  const cells = row.cells(axis);
  const used = cells.reduce((sum, { text }) => sum + characters(text), 0);
  const now = isHeld ? `[${row.now.text}]` : row.now.text;
  return [
    span(isSelected ? marks.selected : ' ', 'accent'),
    span(`${label} `, isSelected ? 'strong' : 'plain'),
    ...cells,
    span(' '.repeat(Math.max(0, layout.cellColumns - used))),
    span(columnRight(` ${now}`, nowColumns, look.ascii), row.now.token),
    span(columnRight(` ${row.down}`, downColumns, look.ascii)),
  ];
}

/**
 * One lane over the whole run, and under it a bracket around what the rows below show. It is the
 * selected one, else the one that is called writer, else the first.
 */
export function wholeRun(input: TimelineInput, scale: Scale): Line[] {
  const { view, axis, layout, marks, look, selected } = input;
  const lanes = shownLanes(view);
  const lane =
    lanes.find(({ spec }) => spec.name === selected) ??
    lanes.find(({ spec }) => spec.name === 'writer') ??
    lanes[0];
  const columns = layout.cellColumns;
  const whole = windowAt(scale, fitStep(scale, columns), columns, null);
  const cells = lane?.cells(whole) ?? [];
  const label = column('whole run', layout.labelColumns - 2, look.ascii);
  const place = (atNs: number): number =>
    Math.min(columns - 1, Math.max(0, Math.floor((atNs - whole.originNs) / whole.columnNs)));
  const from = place(axis.originNs);
  const shownNs = Math.min(axis.originNs + axis.columns * axis.columnNs, scale.span.toNs);
  const to = Math.max(from + 1, place(shownNs));
  const [left, right] = marks.corner;
  const bracket = `${left}${marks.rule.repeat(Math.max(0, to - from - 1))}${right}`;
  const rightColumns = nowColumns + downColumns;
  return [
    [
      span(` ${label} `),
      ...laneSpans(cells, look),
      span(
        columnRight(`1 cell = ${shortMs(whole.columnNs / 1e6)}`, rightColumns, look.ascii),
        'dim',
      ),
    ],
    [
      span(' '.repeat(layout.labelColumns + from)),
      span(bracket, 'dim'),
      span(' '.repeat(Math.max(0, columns - from - characters(bracket)))),
      span(
        columnRight(lane === undefined ? '' : laneLabel(lane.spec.name), rightColumns, look.ascii),
        'dim',
      ),
    ],
  ];
}
