/** One picture of a run as text: what the screen would show, for docs, tickets and tests. Pure. */
import type { RunView } from '../harness/view/run-view.js';
import { frame } from './frame.js';
import { happenings } from './happenings.js';
import type { Size } from './layout.js';
import { textOf } from './line.js';
import { firstState } from './screen-state.js';
import { painted, themeOf } from './theme.js';

export interface FrameLook {
  readonly ascii: boolean;
  readonly color: boolean;
  /** Letters for the kinds of error. */
  readonly errorKinds: boolean;
}

/** As a run under way is shown, or one that has ended, where the view has its end. */
export function printedFrame(view: RunView, size: Size, look: FrameLook): string {
  const { ascii, color, errorKinds } = look;
  const picture = {
    ...{ view, report: view.soFar(), happenings: happenings(view.told), ascii },
    ...{ stopping: null, question: null },
    mode: { kind: 'live' as const },
    state: { ...firstState, errorKinds },
  };
  return frame(picture, size)
    .map(({ line }) => (color ? painted(line, themeOf(true)) : textOf(line)))
    .join('\n');
}
