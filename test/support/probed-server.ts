/** A real server with the roles of a rehearsal, for the tests of probes and load. */
import type { Entry, EntryDraft, EntryKind, EntryOf } from '../../harness/history/entry.js';
import { parseEntry } from '../../harness/history/entry.js';
import { recorder } from '../../harness/history/record.js';
import { prepareSchema, runStatements } from '../../harness/load/schema.js';
import type { Row } from '../../harness/probe/connection.js';
import { openConnection } from '../../harness/probe/open-connection.js';
import type { ConnectionTarget } from '../../harness/probe/target.js';
import { type Clock, systemClock } from '../../sim/clock.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { EngineName, Server } from '../../sim/server/server.js';
import { program } from './programs.js';

export interface ProbedServer {
  readonly clock: Clock;
  readonly server: Server;
  /** The version that the server was made with. */
  readonly version: string;
  readonly admin: ConnectionTarget;
  readonly instrument: ConnectionTarget;
  readonly application: ConnectionTarget;
  /** Runs statements as the administrator, in the schema of the instruments' tables. */
  sql(...statements: string[]): Promise<void>;
  rows(statement: string): Promise<readonly Row[]>;
  remove(): Promise<void>;
}

const database = 'demo';

/** MySQL and MariaDB, each with whether this machine has it. */
export const mysqlFlavours = (['mysql', 'mariadb'] as const).map((engine) => ({
  engine,
  isMissing: program(engine) === undefined,
}));

export async function probedServer(
  engine: EngineName = 'postgres',
  parameters: Readonly<Record<string, string>> = {},
  postgresVersion = '17.4',
): Promise<ProbedServer> {
  const clock = systemClock();
  const provider = embeddedProvider({ clock, offline: true });
  const version = engine === 'postgres' ? postgresVersion : await offered(provider, engine);
  const server = await provider.create({ name: 'probed', engine, version, parameters });
  await server.start();
  const login = (user: string, password: string, name: string): ConnectionTarget => ({
    name: 'writer',
    engine: engine === 'postgres' ? 'postgres' : 'mysql',
    host: server.address.host,
    port: server.address.port,
    user,
    password,
    database: name,
    tls: { mode: 'disable', caPem: null },
  });
  const { admin } = server;
  const owner = login(admin.user, admin.password, admin.database);
  const target = engine === 'postgres' ? login(admin.user, admin.password, database) : owner;
  await runStatements(owner, engine === 'postgres' ? postgresRoles : mysqlRoles, clock, 30_000);
  await prepareSchema(target, 'instrument', clock);
  return {
    clock,
    server,
    version,
    admin: target,
    instrument: login('instrument', 'instrument-secret', schemaOf(engine)),
    application: login('application', 'application-secret', database),
    sql: (...statements) => runStatements(target, statements, clock, 30_000),
    rows: (statement) => rowsOf(target, statement, clock),
    remove: () => server.remove(),
  };
}

const postgresRoles = [
  "CREATE ROLE instrument LOGIN PASSWORD 'instrument-secret'",
  "CREATE ROLE application LOGIN PASSWORD 'application-secret'",
  `CREATE DATABASE ${database} OWNER application`,
];

const mysqlRoles = [
  `CREATE DATABASE ${database}`,
  "CREATE USER 'instrument'@'%' IDENTIFIED BY 'instrument-secret'",
  "CREATE USER 'application'@'%' IDENTIFIED BY 'application-secret'",
  `GRANT ALL PRIVILEGES ON ${database}.* TO 'application'@'%'`,
];

/** The instruments' database: on MySQL their schema is one of its own. */
function schemaOf(engine: EngineName): string {
  return engine === 'postgres' ? database : 'rehearse';
}

async function offered(
  provider: ReturnType<typeof embeddedProvider>,
  engine: EngineName,
): Promise<string> {
  const offers = await provider.offers();
  const offer = offers.find((one) => one.engine === engine && one.state === 'here');
  if (offer === undefined) throw new Error(`no ${engine} here`);
  return offer.version;
}

async function rowsOf(
  target: ConnectionTarget,
  text: string,
  clock: Clock,
): Promise<readonly Row[]> {
  const opened = await openConnection({
    target,
    clock,
    applicationName: 'rehearse/test',
    timeoutMs: 30_000,
  });
  if (opened.connection === undefined) throw new Error(opened.failure.message);
  const answer = await opened.connection.query({ text }, 30_000);
  await opened.connection.close();
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.rows;
}

/** Keeps entries, each of them checked against the schema. */
export function entryKeeper(producer: string): {
  readonly record: (draft: EntryDraft) => void;
  of<K extends EntryKind>(kind: K): EntryOf<K>[];
} {
  const entries: Entry[] = [];
  return {
    record: recorder(producer, (entry) => {
      const parsed = parseEntry(JSON.parse(JSON.stringify(entry)));
      if (!parsed.known) throw new Error(`entry outside the schema: ${parsed.why}`);
      entries.push(parsed.entry);
    }),
    of: <K extends EntryKind>(kind: K) =>
      entries.filter((entry): entry is Entry & EntryOf<K> => entry.kind === kind),
  };
}

/** Waits until `condition` holds; fails after a generous while. */
export async function until(clock: Clock, condition: () => boolean, what: string): Promise<void> {
  for (let wait = 0; wait < 1_000; wait++) {
    if (condition()) return;
    await clock.sleep(20);
  }
  throw new Error(`it never came to: ${what}`);
}
