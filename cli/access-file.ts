/**
 * How a client of the user's own reaches the endpoint while a run lasts: a file of variables (PG*
 * or MYSQL_*) that only its owner may read, and the authority's certificate beside it. Passwords
 * go nowhere else: not to the screen, not into the history. The first line of both says which
 * process made them: what a killed run left is replaced, and nothing else ever is.
 */
import { closeSync, existsSync, lstatSync, openSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { RecordEntry } from '../harness/history/entry.js';
import type { Clock } from '../sim/clock.js';
import { lookUpProcess, processExists } from '../sim/server/embedded/process-table.js';
import { hostId } from '../sim/server/host-id.js';
import type { Cluster, ThroughAddress } from '../sim/sim.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { accessVariables, type Reachable, readerOf } from './access-variables.js';
import { tellDoorway } from './doorway.js';
import { codeOf, writeNew } from './files.js';

const ownerMark = '# made by rehearse for the time of a run; ';
const owner = z.object({ hostId: z.string(), pid: z.number().int(), startedAt: z.string() });

/**
 * Checks that the file can be made, before anything is started. What a dead run of this machine
 * left there is removed.
 * @throws UserError `ACCESS_FILE_EXISTS`, `ACCESS_FILE_UNWRITABLE`
 */
export function accessFile(cwd: string, name: string): string {
  const path = resolve(cwd, name);
  const places = [path, certificateOf(path)];
  for (const place of places) if (existsSync(place) && !isLeftBehind(place)) throw exists(place);
  try {
    for (const place of places) {
      if (existsSync(place)) rmSync(place);
      closeSync(openSync(place, 'wx', 0o600));
      rmSync(place);
    }
  } catch (error) {
    throw unwritable(path, error);
  }
  return path;
}

/**
 * Tells where the endpoints listen and writes the file; returns what removes it again.
 * @throws UserError `ACCESS_FILE_EXISTS`, `ACCESS_FILE_UNWRITABLE` where that changed since
 */
export function giveAccess(
  cluster: Cluster,
  path: string | null,
  clock: Clock,
  record: RecordEntry,
  through: ThroughAddress | null,
): () => void {
  const reader = readerOf(cluster);
  const endpoints = { writer: cluster.writer, ...(reader === null ? {} : { reader }) };
  for (const [label, { name, host, port }] of Object.entries(endpoints))
    record({
      atNs: clock.nowNs(),
      clock: 'harness',
      kind: 'event',
      subject: { endpoint: name },
      data: {
        source: 'endpoint',
        message: `the ${label} endpoint listens on ${host}:${port}`,
        eventId: null,
        categories: [],
        modelled: false,
      },
    });
  tellDoorway(cluster, clock, record);
  return path === null ? () => undefined : writeAccess(cluster, path, through);
}

/**
 * Writes both files, or neither; returns what removes them again.
 * @param through what stands before the writer: an application is to go through it
 */
export function writeAccess(
  cluster: Reachable,
  path: string,
  through: ThroughAddress | null = null,
): () => void {
  const certificate = certificateOf(path);
  const variables = accessVariables(cluster, certificate, through);
  const lines = Object.entries(variables).map(
    ([name, value]) => `export ${name}=${quoted(value)}\n`,
  );
  const mark = ownLine();
  const written: string[] = [];
  const takeBack = (): void => {
    // Only what still is what we wrote: the user may have put a file of their own there.
    for (const place of written) if (firstLine(place) === mark) rmSync(place, { force: true });
  };
  const texts = [
    [certificate, cluster.caPem],
    [path, lines.join('')],
  ] as const;
  for (const [place, text] of texts) {
    try {
      writeNew(place, `${mark}\n${text}`, 0o600);
      written.push(place);
    } catch (error) {
      takeBack();
      throw codeOf(error) === 'EEXIST' ? exists(place) : unwritable(place, error);
    }
  }
  return takeBack;
}

function certificateOf(path: string): string {
  return `${path}.ca.pem`;
}

/** As a shell reads it back, whatever is in it. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

function ownLine(): string {
  const startedAt = lookUpProcess(process.pid)?.startedAt ?? '';
  return ownerMark + JSON.stringify({ hostId: hostId(), pid: process.pid, startedAt });
}

/** Whether a run of this machine made the file and is no more. */
function isLeftBehind(path: string): boolean {
  const line = firstLine(path);
  if (line?.startsWith(ownerMark) !== true) return false;
  const parsed = owner.safeParse(jsonOf(line.slice(ownerMark.length)));
  if (!parsed.success || parsed.data.hostId !== hostId()) return false;
  const { pid, startedAt } = parsed.data;
  const facts = lookUpProcess(pid);
  // A process whose facts cannot be seen may be the owner.
  return facts === undefined ? !processExists(pid) : facts.startedAt !== startedAt;
}

function firstLine(path: string): string | undefined {
  try {
    // A pipe would not let us go.
    return lstatSync(path).isFile() ? readFileSync(path, 'utf8').split('\n', 1)[0] : undefined;
  } catch {
    return undefined;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function exists(path: string): UserError {
  return new UserError(
    'ACCESS_FILE_EXISTS',
    `There is a file ${path} already, and it would be removed after the run.`,
    'Name a file with --access that does not exist, nor one of that name and .ca.pem.',
  );
}

function unwritable(path: string, error: unknown): UserError {
  return new UserError(
    'ACCESS_FILE_UNWRITABLE',
    `The file ${path} cannot be written: ${messageOf(error)}.`,
    'Name a file in a folder that you can write to.',
    'environment',
  );
}
