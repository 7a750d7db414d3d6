/** Reads a dump once before a run: its hash, and what it needs of a server. */
import type { EngineName } from '../server/server.js';
import { UserError } from '../user-error.js';
import { dumpText, FilesHash, listDumpFiles } from './dump-files.js';
import { DumpError, type DumpReader } from './dump-reader.js';
import { MysqlDumpReader } from './mysql/dump-reader.js';
import { distinctNeeds, type Need, needsOfStatement } from './needs.js';
import type { DumpFile, DumpFiles } from './own-database.js';
import { PostgresDumpReader } from './postgres/dump-reader.js';

/** A reader of one file for an engine. */
export function readerFor(engine: EngineName): DumpReader {
  return engine === 'postgres' ? new PostgresDumpReader() : new MysqlDumpReader();
}

export interface LookedThrough {
  readonly source: DumpFiles;
  readonly needs: readonly Need[];
}

/**
 * @param label a file or a folder, as the user named it
 * @throws UserError `DUMP_MISSING`, `DUMP_INVALID`
 */
export async function lookThrough(
  label: string,
  folder: string,
  engine: EngineName,
  signal?: AbortSignal,
): Promise<LookedThrough> {
  const files = listDumpFiles(label, folder);
  const hash = new FilesHash();
  const needs: Need[] = [];
  for (const file of files) needs.push(...(await needsOfFile(file, engine, hash, signal)));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return {
    source: { kind: 'files', label, files, bytes, sha256: hash.digest() },
    needs: distinctNeeds(needs),
  };
}

async function needsOfFile(
  file: DumpFile,
  engine: EngineName,
  hash: FilesHash,
  signal: AbortSignal | undefined,
): Promise<Need[]> {
  const reader = readerFor(engine);
  const needs: Need[] = [];
  const look = (parts: ReturnType<DumpReader['push']>): void => {
    for (const part of parts) {
      if (part.kind !== 'statement') continue;
      const from = `${file.name}, line ${part.line}`;
      needs.push(...needsOfStatement(engine, part.sql).map((need) => ({ ...need, from })));
    }
  };
  try {
    for await (const chunk of dumpText(file, hash, signal)) look(reader.push(chunk));
    look(reader.end());
  } catch (error) {
    throw unreadable(file, error);
  }
  return needs;
}

/** What kept a dump from being read, as an error that a user can mend; others stay as they are. */
export function unreadable(file: { readonly name: string }, error: unknown): unknown {
  if (error instanceof DumpError)
    return invalid(`${file.name}, line ${error.line}: ${error.message}`);
  const { code, message } = error as { code?: unknown; message?: string };
  const isOfFile = typeof code === 'string' && /^(E[A-Z]+|Z_[A-Z_]+)$/.test(code);
  return isOfFile ? invalid(`${file.name} cannot be read: ${message ?? code}`) : error;
}

function invalid(what: string): UserError {
  return new UserError(
    'DUMP_INVALID',
    `${what}.`,
    'Give plain SQL that is whole: pg_dump --format=plain, mysqldump, or a folder of *.sql files.',
  );
}
