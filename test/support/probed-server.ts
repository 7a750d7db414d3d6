/** A real Postgres with the roles of a rehearsal, for the tests of probes and load. */
import type { Entry, EntryDraft, EntryKind, EntryOf } from '../../harness/history/entry.js';
import { parseEntry } from '../../harness/history/entry.js';
import { recorder } from '../../harness/history/record.js';
import { prepareSchema, runStatements } from '../../harness/load/schema.js';
import type { ConnectionTarget } from '../../harness/probe/postgres/target.js';
import { type Clock, systemClock } from '../../sim/clock.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { Server } from '../../sim/server/server.js';

export interface ProbedServer {
  readonly clock: Clock;
  readonly server: Server;
  readonly admin: ConnectionTarget;
  readonly instrument: ConnectionTarget;
  readonly application: ConnectionTarget;
  sql(...statements: string[]): Promise<void>;
  remove(): Promise<void>;
}

const database = 'demo';

export async function probedServer(): Promise<ProbedServer> {
  const clock = systemClock();
  const provider = embeddedProvider({ clock, offline: true });
  const server = await provider.create({ name: 'probed', engine: 'postgres', version: '17.4' });
  await server.start();
  const login = (user: string, password: string, name: string): ConnectionTarget => ({
    name: 'writer',
    host: server.address.host,
    port: server.address.port,
    user,
    password,
    database: name,
    tls: { mode: 'disable', caPem: null },
  });
  const { admin } = server;
  const owner = login(admin.user, admin.password, admin.database);
  await runStatements(
    owner,
    [
      "CREATE ROLE instrument LOGIN PASSWORD 'instrument-secret'",
      "CREATE ROLE application LOGIN PASSWORD 'application-secret'",
      `CREATE DATABASE ${database} OWNER application`,
    ],
    clock,
    30_000,
  );
  const target = login(admin.user, admin.password, database);
  await prepareSchema(target, 'instrument', clock);
  return {
    clock,
    server,
    admin: target,
    instrument: login('instrument', 'instrument-secret', database),
    application: login('application', 'application-secret', database),
    sql: (...statements) => runStatements(target, statements, clock, 30_000),
    remove: () => server.remove(),
  };
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
