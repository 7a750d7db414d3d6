/** The tables of the page: objectives, lanes, events and what else is told in rows. Pure. */
import type { RunReport } from '../../verdict/run-report.js';
import { isUsed, objectiveText } from '../facts.js';
import { boundsText, mark, offsetText, shortMs } from '../text.js';
import { html, lines, Markup, type Part } from './markup.js';

/** Beyond so many rows a table is no help to anybody: the history has them all. */
export const rowsMax = 1_000;

export interface Column {
  readonly title: string;
  /** Numbers go to the right; what is short is not broken. */
  readonly look?: 'number' | 'short';
}

export interface Row {
  readonly cells: readonly Part[];
  /** What a link can point to. */
  readonly id?: string;
}

/** Nothing where there are no rows. */
export function table(columns: readonly Column[], rows: readonly Row[]): Markup | null {
  if (rows.length === 0) return null;
  const classOf = (index: number): Part => {
    const look = columns[index]?.look;
    return look === undefined ? null : html` class="${look}"`;
  };
  const more = rows.length - rowsMax;
  return html`<div class="wide"><table><thead><tr>${columns.map(
    ({ title }, index) => html`<th scope="col"${classOf(index)}>${title}</th>`,
  )}</tr></thead>
<tbody>
${lines(
  rows
    .slice(0, rowsMax)
    .map(
      ({ cells, id }) =>
        html`<tr${id === undefined ? null : html` id="${id}"`}>${cells.map(
          (cell, index) => html`<td${classOf(index)}>${cell}</td>`,
        )}</tr>`,
    ),
)}</tbody></table></div>${more > 0 ? html`<p>And ${more} more: see the history.</p>` : null}`;
}

export function objectiveTable(report: RunReport): Markup | null {
  return table(
    [
      { title: '', look: 'short' },
      { title: 'objective' },
      { title: 'measured', look: 'number' },
      { title: '' },
    ],
    report.objectives.map((objective) => {
      const { asked, measured, why } = objectiveText(objective, {});
      const { verdict } = objective;
      const sign = html`<span class="mark-${verdict}">${mark(verdict)}</span> ${verdict}`;
      return { cells: [sign, html`<code>${asked}</code>`, measured, why] };
    }),
  );
}

/** The figure in words, for those who do not see it. */
export function laneTable({ lanes }: RunReport): Markup | null {
  const titles = ['polls', 'failed', 'in doubt', 'slow', 'outages', 'downtime', 'longest'];
  const more = ['floor', 'p50', 'p95'];
  return table(
    [
      { title: 'lane', look: 'short' },
      ...[...titles, ...more].map((title) => ({ title, look: 'number' as const })),
    ],
    Object.entries(lanes)
      .filter(([, { polls }]) => polls > 0)
      .map(([name, lane]) => ({
        cells: [
          name,
          ...[lane.polls, lane.failed, lane.unknown, lane.slow, lane.outages.length],
          boundsText(lane.downtime),
          shortMs(lane.longest.estimateMs),
          shortMs(lane.detectionFloorMs),
          shortMs(lane.p50Ms),
          shortMs(lane.p95Ms),
        ],
      })),
  );
}

export function eventTable({ events }: RunReport): Markup | null {
  return table(
    [
      { title: '#', look: 'number' },
      { title: 'at', look: 'number' },
      { title: 'source', look: 'short' },
      { title: 'event' },
      { title: 'id', look: 'short' },
      { title: '', look: 'short' },
    ],
    events.map(({ offsetMs, source, message, eventId, modelled }, index) => ({
      id: `event-${index + 1}`,
      cells: [
        index + 1,
        offsetText(offsetMs),
        source,
        message,
        eventId ?? '',
        modelled ? 'modelled' : '',
      ],
    })),
  );
}

export function checkTable({ checks }: RunReport): Markup | null {
  const columns = ['when', 'check', 'state', 'found'].map((title) => ({ title }));
  return table(
    columns,
    checks.map(({ when, name, state, detail }) => ({ cells: [when, name, state, detail] })),
  );
}

/** Every modelled value, whether it shaped anything, and who says so. */
export function scheduleTable(report: RunReport): Markup | null {
  return table(
    [
      { title: 'value', look: 'short' },
      { title: 'taken', look: 'number' },
      { title: 'observations', look: 'number' },
      { title: 'source' },
    ],
    report.schedule.map((draw) => ({
      cells: [
        draw.name,
        `${draw.value} ${draw.unit}${isUsed(report, draw.name) ? '' : ' (not used)'}`,
        draw.observations === 0 ? '0: assumed' : draw.observations,
        draw.source,
      ],
    })),
  );
}

export function settingTable({ settings }: RunReport): Markup | null {
  const rows = Object.entries(settings).map(([name, value]) => ({
    cells: [name, Array.isArray(value) ? value.join(', ') : String(value)],
  }));
  return table([{ title: 'setting' }, { title: 'value' }], rows);
}

/** Label and sentence; a label that is empty is that of the row before. */
export function factTable(rows: readonly (readonly [string, string])[]): Markup | null {
  const named = rows.map(([label, text]) => ({
    cells: [html`<strong>${label}</strong>`, text],
  }));
  return table([{ title: '', look: 'short' }, { title: '' }], named);
}

/** A list, or nothing. */
export function list(texts: readonly Part[]): Markup | null {
  if (texts.length === 0) return null;
  const shown = texts.slice(0, rowsMax);
  const more = texts.length - shown.length;
  return html`<ul>
${lines(shown.map((text) => (text instanceof Markup ? text : html`<li>${text}</li>`)))}</ul>${
    more > 0 ? html`<p>And ${more} more: see the history.</p>` : null
  }`;
}
