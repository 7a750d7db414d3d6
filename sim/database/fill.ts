/** Fills a server with the user's own database: schema first, then data. */
import type { Clock } from '../clock.js';
import type { EngineName } from '../server/server.js';
import { UserError } from '../user-error.js';
import { commandOutput } from './command-output.js';
import { dumpText, FilesHash, sqlOf } from './dump-files.js';
import type { DumpReader } from './dump-reader.js';
import { type DumpLoader, type DumpSession, StatementFailed } from './loading.js';
import { readerFor, unreadable } from './look-through.js';
import type { DumpSource, OwnDatabase } from './own-database.js';

export interface Filling {
  readonly engine: EngineName;
  readonly clock: Clock;
  readonly loader: DumpLoader;
  /** Told in one sentence what is going on, now and then. */
  readonly tell: (text: string) => void;
  /** Aborted to give it up. */
  readonly signal?: AbortSignal | undefined;
}

const tellEveryNs = 5e9;
const mega = 1_000_000;

/**
 * Loads everything; takes as long as it takes.
 * @throws UserError `SCHEMA_FAILED`, `DATA_FAILED`, `DATA_COMMAND_FAILED`, `DUMP_INVALID`; the
 *   signal's reason
 */
export async function fillDatabase(database: OwnDatabase, filling: Filling): Promise<void> {
  const { loader, tell } = filling;
  await loader.begin();
  for (const what of ['schema', 'data'] as const) {
    const source = database[what];
    if (source !== null) await loadSource(what, source, filling);
  }
  await loader.finish();
  for (const remark of loader.remarks()) tell(remark);
}

async function loadSource(
  what: 'schema' | 'data',
  source: DumpSource,
  filling: Filling,
): Promise<void> {
  const { clock, signal, loader, tell } = filling;
  if (source.kind === 'command') {
    const name = 'the output of the command';
    const said = (text: string): void => tell(`the data command says: ${text}`);
    const output = commandOutput(source, { url: loader.url, tell: said, signal });
    return loadText(what, name, sqlOf(output, name), filling);
  }
  const hash = new FilesHash();
  let bytes = 0;
  let toldNs = clock.nowNs();
  const counted = async function* (chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk;
      bytes += chunk.length;
      if (clock.nowNs() - toldNs < tellEveryNs) continue;
      toldNs = clock.nowNs();
      tell(`loading the ${what}: ${megabytes(bytes)} of SQL so far`);
    }
  };
  for (const file of source.files)
    await loadText(what, file.name, counted(dumpText(file, hash, signal)), filling);
  if (hash.digest() !== source.sha256)
    throw new UserError(
      'DUMP_CHANGED',
      `${source.label} is not what it was when the run was planned.`,
      'Run it again once nobody writes to it any more.',
      'environment',
    );
}

/** Whole megabytes, as `12 MB`; `less than 1 MB`. */
export function megabytes(bytes: number): string {
  return bytes < mega ? 'less than 1 MB' : `${Math.floor(bytes / mega)} MB`;
}

async function loadText(
  what: 'schema' | 'data',
  name: string,
  chunks: AsyncGenerator<Buffer>,
  { engine, loader, signal }: Filling,
): Promise<void> {
  const session = await loader.open();
  // Closing it ends the statement under way, however long that would have taken.
  const giveUp = (): void => void session.close();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const reader = readerFor(engine);
    for await (const chunk of chunks) await takeAll(session, reader.push(chunk), signal);
    await takeAll(session, reader.end(), signal);
    await session.finish();
  } catch (error) {
    signal?.throwIfAborted();
    throw failure(what, name, error);
  } finally {
    signal?.removeEventListener('abort', giveUp);
    await session.close();
  }
}

async function takeAll(
  session: DumpSession,
  parts: ReturnType<DumpReader['push']>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const part of parts) {
    signal?.throwIfAborted();
    await session.take(part);
  }
}

function failure(what: 'schema' | 'data', name: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  if (!(error instanceof StatementFailed)) return unreadable({ name }, lost(what, name, error));
  const place = error.line === 0 ? name : `${name}, line ${error.line}`;
  return new UserError(
    what === 'schema' ? 'SCHEMA_FAILED' : 'DATA_FAILED',
    `${place}: "${error.words}" failed: ${error.message}.`,
    'Mend it there, or leave it out of the dump; nothing of it was kept.',
    'environment',
  );
}

/** A connection that ended in the middle of a load: the server knows why. */
function lost(what: 'schema' | 'data', name: string, error: unknown): unknown {
  const { message, code } = error as { message?: string; code?: unknown };
  const isOfTheConnection = /connection|socket|ECONN|EPIPE|closed/i;
  if (!isOfTheConnection.test(`${code} ${message}`)) return error;
  return new UserError(
    what === 'schema' ? 'SCHEMA_FAILED' : 'DATA_FAILED',
    `${name}: the server went away while it was loaded: ${message}.`,
    'A statement in it may stop the server; or it had too little memory or disk: see its log.',
    'environment',
  );
}
