/** What the lanes that hold a session do with it at each tick. */
import type { Clock } from '../../sim/clock.js';
import { failed, inDoubt, notSent } from './attempt.js';
import type { DatabaseConnection, Statement } from './connection.js';
import type { Dialect } from './dialect.js';
import type { UseSession } from './held-session.js';

/** The same on a session that was first told to stand on its own, once per connection. */
export function standingAlone(clock: Clock, dialect: Dialect, use: UseSession): UseSession {
  const { beforeWrites } = dialect;
  if (beforeWrites === null) return use;
  const ready = new WeakSet<DatabaseConnection>();
  return async (connection, deadlineNs) => {
    if (!ready.has(connection)) {
      const begun = await connection.query(beforeWrites, (deadlineNs - clock.nowNs()) / 1e6);
      if (!begun.ok) return failed(begun.failure);
      ready.add(connection);
      if (clock.nowNs() >= deadlineNs) return notSent('time was up before it could write');
    }
    return use(connection, deadlineNs);
  };
}

/** held-session and reader: a plain read. */
export function ask(clock: Clock, dialect: Dialect, statement: Statement): UseSession {
  return async (connection, deadlineNs) => {
    const answer = await connection.query(statement, (deadlineNs - clock.nowNs()) / 1e6);
    if (!answer.ok) return failed(answer.failure);
    return { outcome: 'ok', error: null, server: dialect.identityOf(answer.rows[0]) };
  };
}

/** writer: one committed row. An answer that never came leaves it in doubt. */
export function write(
  clock: Clock,
  dialect: Dialect,
  quotedTable: string,
  lane: string,
): UseSession {
  let number = 0;
  return standingAlone(clock, dialect, async (connection, deadlineNs) => {
    const statement = dialect.writeRow(quotedTable, lane, ++number);
    const answer = await connection.query(statement, (deadlineNs - clock.nowNs()) / 1e6);
    if (answer.ok)
      return { outcome: 'ok', error: null, server: dialect.identityOf(answer.rows[0]) };
    return answer.sent && !answer.definite ? inDoubt(answer.failure) : failed(answer.failure);
  });
}
