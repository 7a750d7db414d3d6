/**
 * The states that an application session of MySQL or MariaDB is put into, and how one finds out
 * afterwards what is left of them. Tables are made in the application's own database: its role
 * may make no other. Global variables are no session's, so that no kind has them.
 */
import { mysqlDialect } from '../../probe/mysql/dialect.js';
import type { MysqlSessionKind } from '../census.js';
import {
  nothingToEnter,
  runningSeconds,
  type SessionEngine,
  type SessionState,
  type StateContext,
  StatementFailed,
} from '../session-state.js';

const { quoteName, quoteText } = mysqlDialect;

/** ER_TABLE_NOT_LOCKED: only a session that holds LOCK TABLES is told so. */
const tableNotLocked = 1100;
const unknownStatement = 1243;
const noSuchTable = 1146;

/**
 * Of two rows: a SLEEP that is interrupted by KILL is no error, the row after it is one (measured
 * with MySQL 9.7, where a read of one row ends as if nothing had been).
 */
const twoRows = '(SELECT 1 AS n UNION ALL SELECT 2) AS two';
const sleepingRead = `SELECT n FROM ${twoRows} WHERE SLEEP(${runningSeconds}) = 0`;

const statementText = 'SELECT ? + 1';
const table = (purpose: string, number: number): string =>
  quoteName(`rehearse_load_${purpose}_${number}`);

/** One value of one row. Throws `StatementFailed`. */
async function firstValue({ ask }: StateContext, text: string): Promise<string | null> {
  const rows = await ask({ text });
  return rows[0]?.[0] ?? null;
}

async function makeTable({ ask }: StateContext, name: string, columns: string): Promise<void> {
  await ask({ text: `DROP TABLE IF EXISTS ${name}` });
  await ask({ text: `CREATE TABLE ${name} (${columns}) ENGINE=InnoDB` });
}

const openTransaction: SessionState = {
  enter: async (context) => {
    const name = table('open', context.number);
    await makeTable(context, name, 'n INT');
    await context.ask({ text: 'START TRANSACTION' });
    await context.ask({ text: `INSERT INTO ${name} VALUES (1)` });
  },
  /**
   * The next statement is the one that is told of a transaction that was rolled back; whether
   * the same connection goes on shows on those after it.
   */
  examine: async (context) => {
    const name = table('open', context.number);
    const next = await context.attempt({ text: `INSERT INTO ${name} VALUES (2)` });
    if (!next.ok && context.connection.lost !== null) throw new StatementFailed(next.failure);
    const countFirst = `SELECT COUNT(*) FROM ${name} WHERE n = 1`;
    const seen = await firstValue(context, countFirst);
    await context.ask({ text: 'ROLLBACK' });
    const left = await firstValue(context, countFirst);
    const failure = next.ok ? {} : { failure: next.failure };
    const kept = seen === '1' && left === '0';
    return [
      { what: 'connection', kept: true },
      { what: 'open transaction', kept, ...failure },
      ...(left === '0' ? [] : [{ what: 'rollback of its write', kept: false }]),
    ];
  },
};

const tableLock: SessionState = {
  enter: async (context) => {
    const { number } = context;
    await makeTable(context, table('locked', number), 'n INT');
    await makeTable(context, table('free', number), 'n INT');
    await context.ask({ text: `LOCK TABLES ${table('locked', number)} WRITE` });
  },
  examine: async (context) => {
    const { number } = context;
    const answer = await context.attempt({ text: `SELECT COUNT(*) FROM ${table('free', number)}` });
    const kept = !answer.ok && answer.failure.errorNumber === tableNotLocked;
    if (!answer.ok && !kept) throw new StatementFailed(answer.failure);
    await context.ask({ text: 'UNLOCK TABLES' });
    return [{ what: 'table lock', kept }];
  },
};

const autoIncrement: SessionState = {
  /** The highest number is deleted: a counter made anew from the table hands it out again. */
  enter: async (context) => {
    const name = table('counter', context.number);
    await makeTable(context, name, 'id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT');
    for (let n = 1; n <= 3; n++)
      await context.ask({ text: `INSERT INTO ${name} (n) VALUES (${n})` });
    const highest = await firstValue(context, 'SELECT LAST_INSERT_ID()');
    context.memory.set('highest', highest);
    await context.ask({ text: `DELETE FROM ${name} WHERE id = ${Number(highest)}` });
  },
  examine: async (context) => {
    const name = table('counter', context.number);
    await context.ask({ text: `INSERT INTO ${name} (n) VALUES (4)` });
    const next = await firstValue(context, 'SELECT LAST_INSERT_ID()');
    const kept = Number(next) > Number(context.memory.get('highest'));
    return [{ what: 'AUTO_INCREMENT counter', kept }];
  },
};

const lastInsertId: SessionState = {
  enter: async (context) => {
    const name = table('inserted', context.number);
    await makeTable(context, name, 'id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT');
    // Not 1, which a session that lost its own may come by in another way.
    const first = 1_000 + context.number;
    await context.ask({ text: `ALTER TABLE ${name} AUTO_INCREMENT = ${first}` });
    await context.ask({ text: `INSERT INTO ${name} (n) VALUES (1)` });
    context.memory.set('id', await firstValue(context, 'SELECT LAST_INSERT_ID()'));
  },
  examine: async (context) => {
    const id = await firstValue(context, 'SELECT LAST_INSERT_ID()');
    return [{ what: 'LAST_INSERT_ID()', kept: id === context.memory.get('id') }];
  },
};

const prepared: SessionState = {
  enter: async ({ ask }) => {
    await ask({ name: 'rehearse', text: statementText, values: ['1'] });
  },
  examine: async ({ attempt }) => {
    const what = 'prepared statement';
    const answer = await attempt({ name: 'rehearse', text: statementText, values: ['41'] });
    // A wrong result is a loss as well: a number of the server's that means another statement.
    if (answer.ok) return [{ what, kept: answer.rows[0]?.[0] === '42' }];
    if (answer.failure.errorNumber !== unknownStatement) throw new StatementFailed(answer.failure);
    return [{ what, kept: false, failure: answer.failure }];
  },
};

const tempTable: SessionState = {
  enter: async ({ ask }) => {
    await ask({ text: 'CREATE TEMPORARY TABLE rehearse_temp (n INT)' });
    await ask({ text: 'INSERT INTO rehearse_temp VALUES (1), (2), (3)' });
  },
  examine: async ({ attempt }) => {
    const answer = await attempt({ text: 'SELECT COUNT(*) FROM rehearse_temp' });
    if (!answer.ok && answer.failure.errorNumber !== noSuchTable)
      throw new StatementFailed(answer.failure);
    return [{ what: 'temporary table', kept: answer.ok && answer.rows[0]?.[0] === '3' }];
  },
};

const states: Readonly<Record<MysqlSessionKind, SessionState>> = {
  /** In another database than the one it logged in to: `USE` is state of the session too. */
  idle: {
    enter: async ({ ask }) => {
      await ask({ text: 'USE information_schema' });
    },
    examine: async (context) => {
      const database = await firstValue(context, 'SELECT DATABASE()');
      return [{ what: 'current database', kept: database === 'information_schema' }];
    },
  },

  prepared,
  'open-transaction': openTransaction,
  'temp-table': tempTable,
  'table-lock': tableLock,
  'auto-increment': autoIncrement,
  'last-insert-id': lastInsertId,

  'user-lock': {
    enter: async (context) => {
      await firstValue(context, `SELECT GET_LOCK('rehearse_${context.number}', 10)`);
    },
    examine: async (context) => {
      const held = `SELECT IS_USED_LOCK('rehearse_${context.number}') = CONNECTION_ID()`;
      return [{ what: 'user lock', kept: (await firstValue(context, held)) === '1' }];
    },
  },

  'long-query': {
    enter: nothingToEnter,
    running: () => ({ text: sleepingRead }),
    examine: async () => [],
  },

  /** Running, with the metadata lock on its table; no second session need stand in its way. */
  ddl: {
    enter: async ({ ask, number }) => {
      await ask({ text: `DROP TABLE IF EXISTS ${table('ddl', number)}` });
    },
    running: ({ number }) => ({
      text: `CREATE TABLE ${table('ddl', number)} AS ${sleepingRead}`,
    }),
    examine: async () => [],
  },
};

export const mysqlSessions: SessionEngine = {
  prepare: () => [],
  stateOf: (kind) => new Map<string, SessionState>(Object.entries(states)).get(kind),
  // What tells one tenant's session from another's: lost settings are how these get mixed up.
  idleSettings: (number) => ({
    time_zone: '+12:00',
    sql_mode: 'STRICT_ALL_TABLES,PIPES_AS_CONCAT',
    group_concat_max_len: '4242',
    '@tenant': `tenant-${number}`,
  }),
  setSetting: (name, value) => ({ text: `SET ${variable(name)} = ${written(name, value)}` }),
  readSetting: (name) => ({
    text: `SELECT ${name.startsWith('@') ? name : `@@SESSION.${name}`}`,
  }),
};

function variable(name: string): string {
  return name.startsWith('@') ? name : `SESSION ${name}`;
}

/** System variables that are numbers refuse quoted ones. */
function written(name: string, value: string): string {
  return !name.startsWith('@') && /^-?\d+(\.\d+)?$/.test(value) ? value : quoteText(value);
}
