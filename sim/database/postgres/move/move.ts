/**
 * Moves all that one Postgres server holds to an empty one of another version: roles, databases
 * with their schemas by pg_dump, rows by COPY, sequences and large objects. Where pg_upgrade is
 * not to be had, this takes its place. Nobody may write to either server meanwhile.
 */
import type { Clock } from '../../../clock.js';
import type { AdminLogin, ServerAddress } from '../../../server/server.js';
import { moveLargeObjects, moveSequences } from './beside-rows.js';
import { type Opening, withClient } from './opening.js';
import { type DumpSection, pgDump } from './pg-dump.js';
import { replay } from './replay.js';
import { moveRoles } from './roles.js';
import { moveRows } from './rows.js';

export interface MovedServer {
  readonly address: ServerAddress;
  readonly admin: AdminLogin;
}

export interface Moved {
  readonly databases: number;
  readonly tables: number;
}

/**
 * Moves everything; takes as long as it takes.
 * @throws Error with what one of the servers refused
 */
export async function moveServer(clock: Clock, from: MovedServer, to: MovedServer): Promise<Moved> {
  const majors = { from: await majorOf(from), to: await majorOf(to) };
  await withClient(homeOf(from), (source) =>
    withClient(homeOf(to), (target) => moveRoles(source, target, majors)),
  );
  const databases = await databasesOf(from);
  let tables = 0;
  for (const database of databases) {
    const isNew = database !== to.admin.database;
    const [source, target] = [openingOf(from, database), openingOf(to, database)];
    const dump = (section: DumpSection): Promise<string> =>
      pgDump({ ...source, clock, section, create: isNew && section === 'pre-data' });
    await replay(await dump('pre-data'), isNew ? homeOf(to) : target, majors.to);
    tables += await moveContent(source, target);
    await replay(await dump('post-data'), target, majors.to);
  }
  return { databases: databases.length, tables };
}

function openingOf({ address, admin }: MovedServer, database: string): Opening {
  return { address, admin, database };
}

function homeOf(server: MovedServer): Opening {
  return openingOf(server, server.admin.database);
}

async function moveContent(from: Opening, to: Opening): Promise<number> {
  return await withClient(from, (source) =>
    withClient(to, async (target) => {
      const tables = await moveRows(source, target);
      await moveSequences(source, target);
      await moveLargeObjects(source, target);
      return tables;
    }),
  );
}

/** Those with content of their own: templates are every server's. */
async function databasesOf(server: MovedServer): Promise<string[]> {
  return await withClient(homeOf(server), async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_catalog.pg_database ' +
        "where datallowconn and datname not in ('template0', 'template1') order by datname",
    );
    return rows.map(({ name }) => name);
  });
}

async function majorOf(server: MovedServer): Promise<number> {
  return await withClient(homeOf(server), async (client) => {
    const { rows } = await client.query<{ number: number }>(
      "select current_setting('server_version_num')::int / 10000 as number",
    );
    return rows[0]?.number ?? 0;
  });
}
