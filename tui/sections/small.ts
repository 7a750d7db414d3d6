/** A window that is too small for more: one line. And the meanings of the glyphs. Pure. */
import type { ErrorKind } from '../../harness/history/entry.js';
import { legend } from '../../harness/view/glyphs.js';
import type { RunView } from '../../harness/view/run-view.js';
import { fitted, type Line, packedLine, span } from '../line.js';
import { nowSpan, shownLanes } from '../rows.js';
import type { HeaderInput } from './header.js';
import { instant } from './header.js';
import { verdictWords } from './verdict.js';

/** ` writer DOWN 2.5s   T+3.5s switchover   FAIL so far   (make the window 80x24)`. */
export function statusLine(input: HeaderInput, columns: number): Line {
  const { view, report } = input;
  const lanes = shownLanes(view);
  const states = lanes.map((lane) => ({ lane, now: lane.now(view.nowNs) }));
  const bad = states.filter(({ now }) => now.state === 'fail' || now.state === 'unknown');
  const usual = states.filter(({ lane }) => lane.spec.name === 'writer');
  const shown = bad.length > 0 ? bad : usual.length > 0 ? usual : states.slice(0, 1);
  const isOver = view.finished !== null;
  const { word, token } = verdictWords({ report, isOver });
  const phase = view.phases.at(-1)?.name ?? '';
  const at = instant(view, view.nowNs);
  const parts: Line[] = [
    ...shown.map(({ lane, now }): Line => {
      const { text, token: state } = nowSpan(now, view);
      return [span(`${lane.spec.name} `), span(now.state === 'ok' ? 'ok' : text, state)];
    }),
    [span(`${view.t0Ns === null ? '' : 'T'}${at} ${phase}`)],
    [span(isOver ? word : word === 'none yet' ? 'no verdict yet' : `${word} so far`, token)],
    [span('(make the window 80x24)', 'dim')],
  ];
  return fitted([span(' '), ...packedLine(parts, columns - 1, 3)], columns);
}

/** What the glyphs mean; with `e`, the letters of the kinds of error. */
export function legendLine(
  view: RunView,
  columns: number,
  { ascii, errorKinds }: { readonly ascii: boolean; readonly errorKinds: boolean },
): Line {
  const letters = errorKinds ? `   ${letterLegend}` : '';
  return fitted([span(` ${legend(view.slowNs / 1e6, { ascii })}${letters}`, 'dim')], columns);
}

const meanings: readonly (readonly [letter: string, kind: ErrorKind | 'other'])[] = [
  ['R', 'reset'],
  ['C', 'refused'],
  ['T', 'timeout'],
  ['W', 'read-only'],
  ['A', 'auth'],
  ['S', 'starting-up'],
  ['E', 'other'],
];
const letterLegend = meanings.map(([letter, kind]) => `${letter} ${kind}`).join(' ');
