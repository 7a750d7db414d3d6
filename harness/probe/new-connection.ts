/** The new-connection lane: TCP, TLS, authentication, one query, good-bye; anew at every tick. */
import type { Clock } from '../../sim/clock.js';
import { type AttemptEnd, type Attempts, failed } from './attempt.js';
import { dialectOf } from './dialect.js';
import { openConnection } from './open-connection.js';
import type { ConnectionTarget } from './target.js';

export function newConnectionAttempts(target: ConnectionTarget, clock: Clock): Attempts {
  const { identity, identityOf } = dialectOf(target.engine);
  const leaving = new Set<Promise<void>>();
  const attempt = async (deadlineNs: number): Promise<AttemptEnd> => {
    const leftMs = (): number => (deadlineNs - clock.nowNs()) / 1e6;
    const opened = await openConnection({
      target,
      clock,
      applicationName: 'rehearse/probe/new-connection',
      timeoutMs: leftMs(),
    });
    if (opened.connection === undefined) return failed(opened.failure);
    const answer = await opened.connection.query(identity, leftMs());
    // The attempt ends with the answer; closing goes on behind it, within a deadline of its own.
    const left = opened.connection.close();
    leaving.add(left);
    void left.then(() => leaving.delete(left));
    if (!answer.ok) return failed(answer.failure);
    return { outcome: 'ok', error: null, server: identityOf(answer.rows[0]) };
  };
  return {
    attempt,
    close: async () => {
      await Promise.all(leaving);
    },
  };
}
