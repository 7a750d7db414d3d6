/**
 * How a client of the user's own reaches the endpoint while a run lasts: a file of PG* variables
 * that only its owner may read, and the authority's certificate beside it. Passwords go nowhere
 * else: not to the screen, not into the history.
 */
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RecordEntry } from '../harness/history/entry.js';
import type { Clock } from '../sim/clock.js';
import type { Cluster } from '../sim/sim.js';
import { UserError } from '../sim/user-error.js';

/**
 * Checks that the file can be made, before anything is started.
 * @throws UserError `ACCESS_FILE_EXISTS`, `ACCESS_FILE_UNWRITABLE`
 */
export function accessFile(cwd: string, name: string): string {
  const path = resolve(cwd, name);
  if (existsSync(path))
    throw new UserError(
      'ACCESS_FILE_EXISTS',
      `There is a file ${path} already, and it would be removed after the run.`,
      'Name a file that does not exist.',
    );
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    throw new UserError(
      'ACCESS_FILE_UNWRITABLE',
      `The file ${path} cannot be written: ${error instanceof Error ? error.message : error}.`,
      'Name a file in a folder that you can write to.',
      'environment',
    );
  }
  rmSync(path);
  return path;
}

/** Tells where the endpoint listens and writes the file; returns what removes it again. */
export function giveAccess(
  cluster: Cluster,
  path: string | null,
  clock: Clock,
  record: RecordEntry,
): () => void {
  const { writer, application, caPem } = cluster;
  record({
    atNs: clock.nowNs(),
    clock: 'harness',
    kind: 'event',
    subject: { endpoint: writer.name },
    data: {
      source: 'endpoint',
      message: `the writer endpoint listens on ${writer.host}:${writer.port}`,
      eventId: null,
      categories: [],
      modelled: false,
    },
  });
  if (path === null) return () => undefined;
  const certificate = `${path}.ca.pem`;
  const variables = {
    PGHOST: writer.host,
    PGPORT: String(writer.port),
    PGUSER: application.user,
    PGPASSWORD: application.password,
    PGDATABASE: application.database,
    PGSSLROOTCERT: certificate,
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`);
  writeFileSync(certificate, caPem, { mode: 0o600 });
  writeFileSync(path, lines.join(''), { mode: 0o600, flag: 'wx' });
  return () => {
    rmSync(path, { force: true });
    rmSync(certificate, { force: true });
  };
}
