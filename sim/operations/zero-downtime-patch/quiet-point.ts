/**
 * Seeks the quiet point: every session held at its next idle point, those that AWS drops dropped,
 * until nobody is busy or the deadline passes.
 */
import type { Clock } from '../../clock.js';
import type { Endpoint } from '../../endpoint/endpoint.js';
import type { Session } from '../../endpoint/session.js';
import type { DropSession, Edition } from './edition.js';

/**
 * A session younger than this is held last: a client that connects, asks once and leaves is let
 * finish, so that it is neither preserved nor dropped.
 */
const youngMs = 500;
const lookEveryMs = 100;

export interface Seeking {
  readonly clock: Clock;
  readonly endpoint: Endpoint;
  readonly edition: Edition;
  readonly deadlineMs: number;
  readonly drop: DropSession;
}

export interface QuietPoint {
  /** Sessions still busy at the deadline; none = the quiet point was found. */
  readonly busy: readonly Session[];
}

/** Holds all sessions and waits. Sessions that come to life meanwhile are held too. */
export async function seekQuietPoint(seeking: Seeking): Promise<QuietPoint> {
  const { clock, endpoint } = seeking;
  const deadlineNs = clock.nowNs() + seeking.deadlineMs * 1e6;
  let over = false;
  const hold = (session: Session): void => {
    const ageMs = (clock.nowNs() - session.openedNs) / 1e6;
    const leftMs = (deadlineNs - clock.nowNs()) / 1e6;
    const waitMs = Math.min(youngMs - ageMs, leftMs / 2);
    if (waitMs <= 0) session.hold();
    else
      clock.timer(waitMs, () => {
        // Nobody releases a session that is held after the search: it would hang for ever.
        if (!over) session.hold();
      });
  };
  endpoint.onSessionWhileHolding(hold);
  try {
    for (const session of endpoint.sessions) hold(session);
    for (;;) {
      const busy = busySessions(endpoint);
      if (busy.length === 0 && endpoint.entering === 0) return { busy };
      const leftMs = (deadlineNs - clock.nowNs()) / 1e6;
      if (leftMs <= 0) return { busy };
      await anyChange(clock, busy, Math.min(leftMs, lookEveryMs));
      await dropBlockers(seeking);
    }
  } finally {
    over = true;
    endpoint.onSessionWhileHolding(undefined);
  }
}

function busySessions(endpoint: Endpoint): Session[] {
  return endpoint.sessions.filter((session) => session.state === 'running');
}

/** Waits until all are parked, or for the time given. */
async function anyChange(clock: Clock, busy: readonly Session[], limitMs: number): Promise<void> {
  const stop = new AbortController();
  const all = Promise.all(busy.map((session) => session.parked()));
  const limit = clock.sleep(limitMs, stop.signal).catch(() => {});
  // With nobody busy a client is still being greeted: look again soon.
  await Promise.race(busy.length === 0 ? [clock.sleep(5)] : [all, limit]);
  stop.abort();
}

async function dropBlockers({ edition, endpoint, drop }: Seeking): Promise<void> {
  const blockers = await edition.blockers(busySessions(endpoint));
  for (const [session, reason] of blockers) {
    if (session.state === 'running') drop(session, reason);
  }
}
