/** What the lanes that hold a session do with it at each tick. */
import type { Clock } from '../../../sim/clock.js';
import { type AttemptEnd, failed, inDoubt } from '../attempt.js';
import type { Answer } from './connection.js';
import type { UseSession } from './held-session.js';
import { identityOf, identityQuery } from './identity.js';

/** held-session: a query with a parameter, because the published hang shows on those. */
export function askWithParameter(clock: Clock): UseSession {
  const statement = {
    text: "SELECT current_setting('server_version') WHERE $1::int = 1",
    values: ['1'],
  };
  return async (connection, deadlineNs) =>
    readEnd(await connection.query(statement, (deadlineNs - clock.nowNs()) / 1e6));
}

/** reader: a plain read. */
export function read(clock: Clock): UseSession {
  const statement = { text: identityQuery };
  return async (connection, deadlineNs) =>
    readEnd(await connection.query(statement, (deadlineNs - clock.nowNs()) / 1e6));
}

/** writer: one committed row. An answer that never came leaves it in doubt. */
export function write(clock: Clock, quotedTable: string, lane: string): UseSession {
  const text =
    `INSERT INTO ${quotedTable} (lane, number) VALUES ($1, $2) ` +
    "RETURNING current_setting('server_version')";
  let number = 0;
  return async (connection, deadlineNs) => {
    const values = [lane, String(++number)];
    const leftMs = (deadlineNs - clock.nowNs()) / 1e6;
    const answer = await connection.query({ text, values }, leftMs);
    if (answer.ok) return { outcome: 'ok', error: null, server: identityOf(answer.rows[0]) };
    return answer.sent && !answer.definite ? inDoubt(answer.failure) : failed(answer.failure);
  };
}

function readEnd(answer: Answer): AttemptEnd {
  if (!answer.ok) return failed(answer.failure);
  return { outcome: 'ok', error: null, server: identityOf(answer.rows[0]) };
}
