/** The state of a lane as its polls come in, and what each transition says. Pure. */
import type { EntryOf, Failure } from '../history/entry.js';
import { plain, shortMs } from './text.js';

type PollEntry = EntryOf<'poll'>;
type State = 'up' | 'slow' | 'down' | 'doubt';

export interface Transition {
  readonly word: 'UP' | 'SLOW' | 'DOWN' | 'IN DOUBT';
  readonly text: string;
}

/** Follows one lane. Late answers of earlier attempts do not change what later ones showed. */
export class LaneState {
  readonly #slowNs: number;
  #state: State | null = null;
  #kind = '';
  #startNs = Number.NEGATIVE_INFINITY;
  #downSinceNs: number | null = null;

  constructor(slowNs: number) {
    this.#slowNs = slowNs;
  }

  /** The transition that this poll makes, or null. */
  take(poll: PollEntry['data']): Transition | null {
    if (poll.startNs < this.#startNs || poll.error?.kind === 'not-sent') return null;
    this.#startNs = poll.startNs;
    const state = this.#stateOf(poll);
    const kind = poll.error === null ? '' : `${poll.error.kind} ${codeOf(poll.error) ?? ''}`;
    const first = this.#state === null;
    if (state === this.#state && kind === this.#kind) return null;
    const before = this.#state;
    this.#state = state;
    this.#kind = kind;
    const downNs = this.#downSinceNs === null ? null : poll.startNs - this.#downSinceNs;
    if (state === 'down') this.#downSinceNs ??= poll.startNs;
    if (state === 'up' || state === 'slow') this.#downSinceNs = null;
    if (first && state === 'up') return null;
    return this.#transition(state, before, poll, downNs);
  }

  /** `up`, `DOWN 2.5s`, `SLOW`, `in doubt`; for a progress line. */
  now(atNs: number): string {
    if (this.#state === 'down' && this.#downSinceNs !== null)
      return `DOWN ${shortMs((atNs - this.#downSinceNs) / 1e6)}`;
    if (this.#state === 'slow') return 'SLOW';
    return this.#state === 'doubt' ? 'in doubt' : this.#state === null ? '-' : 'up';
  }

  #stateOf(poll: PollEntry['data']): State {
    if (poll.outcome === 'fail') return 'down';
    if (poll.outcome === 'unknown') return 'doubt';
    return poll.endNs - poll.startNs > this.#slowNs ? 'slow' : 'up';
  }

  #transition(
    state: State,
    before: State | null,
    poll: PollEntry['data'],
    downNs: number | null,
  ): Transition {
    const tookMs = (poll.endNs - poll.startNs) / 1e6;
    const why = poll.error === null ? 'no answer' : failureText(poll.error);
    if (state === 'down') return { word: 'DOWN', text: why };
    if (state === 'doubt') return { word: 'IN DOUBT', text: why };
    // From poll to poll: the outage itself may be longer, and the report tells its bounds.
    const was = downNs === null ? '' : `, polls failed for ${shortMs(downNs / 1e6)}`;
    const slow = before === 'slow' && was === '' ? ', was slow' : was;
    return { word: state === 'up' ? 'UP' : 'SLOW', text: `${shortMs(tookMs)}${slow}` };
  }
}

/** MySQL's own number says more than its SQLSTATE, which is often HY000. */
function codeOf({ errorNumber, sqlstate }: Failure): string | null {
  return errorNumber === undefined ? sqlstate : String(errorNumber);
}

function failureText(error: Failure): string {
  const code = codeOf(error) ?? error.code;
  const said = plain(error.message);
  return `${error.kind}${code === null ? '' : ` ${code}`}${said === '' ? '' : `: ${said}`}`;
}
