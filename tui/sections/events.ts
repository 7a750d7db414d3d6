/** What happened, newest last. Pure. */
import type { RunView } from '../../harness/view/run-view.js';
import type { Happening } from '../happenings.js';
import { column, emptyLine, fitted, type Line, narrow, span } from '../line.js';
import type { Marks } from '../marks.js';
import { instant } from './header.js';
import { title } from './title.js';

export interface EventsInput {
  readonly view: RunView;
  readonly happenings: readonly Happening[];
  readonly marks: Marks;
  readonly ascii: boolean;
}

/** So many rows, the title's included; the newest that fit. */
export function eventLines(input: EventsInput, columns: number, rows: number): Line[] {
  if (rows === 0) return [];
  const { view, happenings, marks, ascii } = input;
  const room = rows - 1;
  const earlier = Math.max(0, happenings.length - room);
  const heading =
    earlier === 0 ? [span('events')] : [span('events'), span(`  ${earlier} earlier`, 'dim')];
  const shown = happenings.slice(-Math.max(0, room) || happenings.length).slice(0, room);
  const lines = shown.map(
    ({ atNs, source, text, token }): Line =>
      fitted(
        [
          span(instant(view, atNs).padStart(8)),
          span(`  ${column(source, 10, ascii)}  `, 'dim'),
          span(cutText(narrow(text, ascii), columns - 22, ascii), token),
        ],
        columns,
      ),
  );
  while (lines.length < room) lines.push(emptyLine);
  return [title(heading, columns, marks), ...lines];
}

function cutText(text: string, columns: number, ascii: boolean): string {
  return column(text, columns, ascii).trimEnd();
}
