/** What the lanes that hold a session do with it at each tick. */
import type { Clock } from '../../sim/clock.js';
import { failed, inDoubt } from './attempt.js';
import type { DatabaseConnection, Statement } from './connection.js';
import type { Dialect } from './dialect.js';
import type { UseSession } from './held-session.js';

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
  const { beforeWrites } = dialect;
  const ready = new WeakSet<DatabaseConnection>();
  let number = 0;
  return async (connection, deadlineNs) => {
    const leftMs = (): number => (deadlineNs - clock.nowNs()) / 1e6;
    if (beforeWrites !== null && !ready.has(connection)) {
      const begun = await connection.query(beforeWrites, leftMs());
      if (!begun.ok) return failed(begun.failure);
      ready.add(connection);
    }
    const statement = dialect.writeRow(quotedTable, lane, ++number);
    const answer = await connection.query(statement, leftMs());
    if (answer.ok)
      return { outcome: 'ok', error: null, server: dialect.identityOf(answer.rows[0]) };
    return answer.sent && !answer.definite ? inDoubt(answer.failure) : failed(answer.failure);
  };
}
