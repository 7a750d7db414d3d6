/**
 * The states that an application session is put into, and how one finds out afterwards what is
 * left of them. One entry per kind; all SQL is run on the session itself.
 */
import type { Failure } from '../history/entry.js';
import type { PostgresConnection, Row, Statement } from '../probe/postgres/connection.js';
import { quoteName, quoteText } from '../probe/postgres/table-name.js';
import type { LoadSessionKind } from './census.js';

/** One open session while it is put into its state or examined. */
export interface StateContext {
  readonly connection: PostgresConnection;
  /** Numbers the sessions of a run from 1: makes names, keys and settings differ. */
  readonly number: number;
  /** Runs one statement. Throws `StatementFailed`. */
  ask(statement: Statement): Promise<readonly Row[]>;
}

/** A statement on an application session that did not succeed. */
export class StatementFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** What one found of one piece of state: its name, and whether it is still as it was. */
export interface Finding {
  readonly what: string;
  readonly kept: boolean;
}

export interface SessionState {
  /** Puts the session into the state. */
  enter(context: StateContext): Promise<void>;
  /** A statement that is left running; it must not end before the run does. */
  running?(context: StateContext): Statement;
  /** Looks what is left; not called for a session that still runs its statement. */
  examine(context: StateContext): Promise<readonly Finding[]>;
}

/** Where `ddl` and `table-lock` make their tables. */
export const loadSchema = 'rehearse_load';

/** Kinds that need the schema above. */
export const kindsWithTables: readonly LoadSessionKind[] = ['ddl', 'table-lock'];

/** Long enough for any run, short enough not to stay on a server for ever. */
const runningSeconds = 3_600;
const advisoryClass = 20_817;
const statementText = 'SELECT $1::int + 1';

const nothingToEnter = async (): Promise<void> => {};
const table = (number: number): string => `${loadSchema}.${quoteName(`locked_${number}`)}`;

export const sessionStates: Readonly<Record<LoadSessionKind, SessionState>> = {
  idle: { enter: nothingToEnter, examine: async () => [] },

  prepared: {
    enter: async ({ ask, number }) => {
      await ask({ name: `rehearse_${number}`, text: statementText, values: ['1'] });
    },
    examine: async ({ ask, number }) => {
      const rows = await ask({ name: `rehearse_${number}`, text: statementText, values: ['41'] });
      return [{ what: 'prepared statement', kept: rows[0]?.[0] === '42' }];
    },
  },

  'open-transaction': {
    enter: async ({ ask }) => {
      await ask({ text: 'BEGIN' });
      await ask({ text: 'SELECT count(*) FROM pg_class' });
    },
    examine: async ({ ask }) => {
      // Outside a transaction block a savepoint is refused: that tells an open one from none.
      const kept = await ask({ text: 'SAVEPOINT still_open' }).then(
        () => true,
        (error: unknown) => noTransaction(error),
      );
      await ask({ text: 'COMMIT' });
      return [{ what: 'open transaction', kept }];
    },
  },

  'temp-table': {
    enter: async ({ ask }) => {
      await ask({ text: 'CREATE TEMP TABLE rehearse_temp AS SELECT generate_series(1, 3) AS n' });
    },
    examine: async ({ ask }) => {
      const rows = await ask({ text: "SELECT to_regclass('pg_temp.rehearse_temp') IS NOT NULL" });
      return [{ what: 'temporary table', kept: rows[0]?.[0] === 't' }];
    },
  },

  'held-cursor': {
    enter: async ({ ask }) => {
      await ask({
        text: 'DECLARE rehearse_cursor CURSOR WITH HOLD FOR SELECT generate_series(1, 100)',
      });
      await ask({ text: 'FETCH 1 FROM rehearse_cursor' });
    },
    examine: async ({ ask }) => {
      const rows = await ask({
        text: "SELECT 1 FROM pg_cursors WHERE name = 'rehearse_cursor' AND is_holdable",
      });
      return [{ what: 'held cursor', kept: rows.length === 1 }];
    },
  },

  listening: {
    enter: async ({ ask, number }) => {
      await ask({ text: `LISTEN ${quoteName(`rehearse_${number}`)}` });
    },
    examine: async ({ ask, number }) => {
      const rows = await ask({ text: 'SELECT pg_listening_channels()' });
      return [{ what: 'LISTEN', kept: rows.some((row) => row[0] === `rehearse_${number}`) }];
    },
  },

  'advisory-lock': {
    enter: async ({ ask, number }) => {
      await ask({ text: `SELECT pg_advisory_lock(${advisoryClass}, ${number})` });
    },
    examine: async ({ ask, number }) => {
      const rows = await ask({
        text:
          "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() " +
          `AND classid = ${advisoryClass} AND objid = ${number} AND granted`,
      });
      return [{ what: 'advisory lock', kept: rows.length === 1 }];
    },
  },

  'long-query': {
    enter: nothingToEnter,
    running: () => ({ text: `SELECT pg_sleep(${runningSeconds})` }),
    examine: async () => [],
  },

  ddl: {
    enter: nothingToEnter,
    running: ({ number }) => ({
      text:
        `CREATE TABLE ${loadSchema}.${quoteName(`ddl_${number}`)} AS ` +
        `SELECT 1 AS n FROM pg_sleep(${runningSeconds})`,
    }),
    examine: async () => [],
  },

  'table-lock': {
    enter: async ({ ask, number }) => {
      await ask({ text: `CREATE TABLE IF NOT EXISTS ${table(number)} (n int)` });
      await ask({ text: 'BEGIN' });
      await ask({ text: `LOCK TABLE ${table(number)} IN ACCESS EXCLUSIVE MODE` });
    },
    examine: async ({ ask, number }) => {
      const rows = await ask({
        text:
          "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted " +
          `AND pid = pg_backend_pid() AND relation = to_regclass(${quoteText(table(number))})`,
      });
      await ask({ text: 'COMMIT' });
      return [{ what: 'table lock', kept: rows.length === 1 }];
    },
  },
};

function noTransaction(error: unknown): false {
  if (error instanceof StatementFailed && error.failure.sqlstate === '25P01') return false;
  throw error;
}
