/**
 * The states that an application session is put into, and how one finds out afterwards what is
 * left of them. One entry per kind; all SQL is run on the session itself.
 */
import { postgresDialect } from '../../probe/postgres/dialect.js';
import type { LoadSessionKind, PostgresSessionKind } from '../census.js';
import {
  nothingToEnter,
  runningSeconds,
  type SessionEngine,
  type SessionState,
  StatementFailed,
} from '../session-state.js';

const { quoteName, quoteText } = postgresDialect;

/** Where `ddl` and `table-lock` make their tables. */
const loadSchema = 'rehearse_load';

/** Kinds that need the schema above. */
const kindsWithTables: readonly LoadSessionKind[] = ['ddl', 'table-lock'];

const advisoryClass = 20_817;
const statementText = 'SELECT $1::int + 1';

const table = (number: number): string => `${loadSchema}.${quoteName(`locked_${number}`)}`;

const states: Readonly<Record<PostgresSessionKind, SessionState>> = {
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

export const postgresSessions: SessionEngine = {
  prepare: (kinds) =>
    kinds.some((kind) => kindsWithTables.includes(kind))
      ? [`CREATE SCHEMA IF NOT EXISTS ${loadSchema}`]
      : [],
  stateOf: (kind) => new Map<string, SessionState>(Object.entries(states)).get(kind),
  // What tells one tenant's session from another's: lost settings are how these get mixed up.
  idleSettings: (number) => ({
    timezone: 'Pacific/Auckland',
    search_path: 'rehearse_app, public',
    'app.tenant_id': `tenant-${number}`,
  }),
  /** `SET` as an application writes it; a list such as search_path cannot be one quoted word. */
  setSetting: (name, value) => ({
    text: value.includes(',')
      ? `SELECT set_config(${quoteText(name)}, ${quoteText(value)}, false)`
      : `SET ${name} = ${quoteText(value)}`,
  }),
  readSetting: (name) => ({ text: `SELECT current_setting(${quoteText(name)}, true)` }),
};

function noTransaction(error: unknown): false {
  if (error instanceof StatementFailed && error.failure.sqlstate === '25P01') return false;
  throw error;
}
