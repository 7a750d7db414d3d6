/** Sequences of a Postgres server: logical replication does not carry their values over. */
import type { Admin } from './admin.js';

/** Where a sequence is. One that was never asked for a value is not listed. */
export interface SequenceValue {
  readonly schema: string;
  readonly name: string;
  /** Whole numbers up to 2^63. */
  readonly last: string;
}

const answerMsMax = 60_000;

/** All that gave a value, of the connection's database. */
export async function usedSequences(admin: Admin): Promise<SequenceValue[]> {
  return await admin.query<{ schema: string; name: string; last: string }>(
    'select schemaname as schema, sequencename as name, last_value::text as last ' +
      'from pg_catalog.pg_sequences where last_value is not null ' +
      "and schemaname !~ '^pg_temp_'",
    [],
    answerMsMax,
  );
}

/**
 * Advances each to that value, so that the next one is beyond it; one that is further stays.
 * Also where the server takes no writes by default. All in one statement: there may be thousands.
 * @throws Error where one is not there
 */
export async function advanceSequences(
  admin: Admin,
  values: readonly SequenceValue[],
  timeoutMs = answerMsMax,
): Promise<void> {
  if (values.length === 0) return;
  await admin.query('set session default_transaction_read_only = off');
  try {
    await admin.query(
      'select setval(g.at::regclass, g.last, true) from ' +
        "(select format('%I.%I', w.schema, w.name) as at, w.last, s.increment_by, s.last_value " +
        'from unnest($1::text[], $2::text[], $3::bigint[]) as w (schema, name, last) ' +
        'left join pg_catalog.pg_sequences s ' +
        'on s.schemaname = w.schema and s.sequencename = w.name) as g ' +
        'where g.last_value is null or (g.last - g.last_value) * sign(g.increment_by) > 0',
      [
        values.map(({ schema }) => schema),
        values.map(({ name }) => name),
        values.map(({ last }) => last),
      ],
      timeoutMs,
    );
  } finally {
    await admin.query('reset default_transaction_read_only').catch(() => {});
  }
}
