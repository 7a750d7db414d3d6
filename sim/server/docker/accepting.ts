/** Waiting for a started server to answer, as long as it is worth waiting. */
import type { Clock } from '../../clock.js';
import { UserError } from '../../user-error.js';
import { engineTitles, type ServerSpec } from '../server.js';

export interface AcceptingWait {
  readonly clock: Clock;
  readonly deadlineNs: number;
  /** Ends the wait early. */
  readonly signal: AbortSignal;
  /** One login and query: undefined where it was answered, else why not. */
  readonly tryLogin: (limitMs: number) => Promise<string | undefined>;
  /** Undefined while there is hope, else why there is none. Asked now and then. */
  readonly whyHopeless: () => Promise<string | undefined>;
}

/** It will not answer. The message says why, as half a sentence. */
export class NotAccepting extends Error {}

const tryEveryMs = 20;
const tryTimeoutMs = 5_000;
const lookEveryMs = 200;

/**
 * The instant of the first answered query, nanoseconds on the clock.
 * @throws NotAccepting at the deadline, or as soon as there is no hope
 */
export async function untilAccepting(wait: AcceptingWait): Promise<number> {
  const { clock, deadlineNs, signal } = wait;
  let said = '';
  let lookedNs = clock.nowNs();
  while (clock.nowNs() < deadlineNs && !signal.aborted) {
    const leftMs = (deadlineNs - clock.nowNs()) / 1e6;
    const no = await wait.tryLogin(Math.max(1, Math.min(tryTimeoutMs, leftMs)));
    if (no === undefined) return clock.nowNs();
    said = no;
    if (clock.nowNs() - lookedNs >= lookEveryMs * 1e6) {
      const hopeless = await wait.whyHopeless();
      if (hopeless !== undefined) throw new NotAccepting(hopeless);
      lookedNs = clock.nowNs();
    }
    await clock.sleep(tryEveryMs);
  }
  throw new NotAccepting(`it did not answer in time${said === '' ? '' : ` (${said})`}`);
}

/** Whether a promise settled, in whatever way, within the time. */
export async function settlesWithin(
  clock: Clock,
  promise: Promise<unknown>,
  limitMs: number,
): Promise<boolean> {
  const late = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const timer = clock.sleep(limitMs, late.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([settled, timer]);
  } finally {
    late.abort();
  }
}

/** What a user is told of a server that did not start. */
export function startFailed(
  spec: ServerSpec,
  version: string,
  why: string,
  logTail: string,
): UserError {
  const what = `${engineTitles[spec.engine]} ${version} (${spec.name})`;
  return new UserError(
    'ENGINE_START_FAILED',
    `${what} did not start: ${why}. Its log ends:\n${logTail}\n`,
    'Check the server parameters asked for, the image, and the room on the Docker host.',
    'environment',
  );
}
