/**
 * The user's own database: what a cluster's server is filled with before its endpoint opens. Known
 * whole before anything starts, so that it can be shown in a plan and told apart by its hash.
 */
import { createHash } from 'node:crypto';
import type { Need } from './needs.js';
import { withoutPasswords } from './without-passwords.js';

/** Files of SQL, in the order in which they are loaded. */
export interface DumpFiles {
  readonly kind: 'files';
  /** As the user named it. */
  readonly label: string;
  readonly files: readonly DumpFile[];
  /** Of all files as they are on disk. */
  readonly bytes: number;
  readonly sha256: string;
}

export interface DumpFile {
  readonly path: string;
  /** As people know it. */
  readonly name: string;
  readonly bytes: number;
}

/** A command of the user's whose output is SQL. */
export interface DumpCommand {
  readonly kind: 'command';
  /** Run by `/bin/sh -c`, where the user is, with the user's environment. */
  readonly command: string;
  readonly folder: string;
}

export type DumpSource = DumpFiles | DumpCommand;

/** What a server is to be filled with. Serialisable. */
export interface OwnDatabase {
  readonly schema: DumpFiles | null;
  readonly data: DumpSource | null;
  /** Extensions, plugins and the like that the files name. */
  readonly needs: readonly Need[];
  /** Load again what is kept from an earlier load: a command may print something else now. */
  readonly refresh: boolean;
}

/** What came of it, as the server says. */
export interface FilledDatabase {
  /** Where it was loaded earlier, and nothing was loaded now. */
  readonly reused: boolean;
  readonly tables: number;
  /** Null where counting them would have taken too long. */
  readonly rows: number | null;
  readonly loadedMs: number | null;
}

/** Raised when dumps are loaded in another way than before: kept data are not used any more. */
const loadingVersion = 1;

/** What tells one content from another; a command counts by its text. */
export function contentKey({ schema, data }: OwnDatabase): string {
  const parts = [schema, data].map((one) => {
    if (one === null) return null;
    return one.kind === 'files' ? one.sha256 : `${one.folder}\n${one.command}`;
  });
  const hash = createHash('sha256').update(JSON.stringify([loadingVersion, ...parts]));
  return hash.digest('hex').slice(0, 16);
}

/** How people see a source: never with a password in it. */
export function sourceLabel(source: DumpSource): string {
  if (source.kind === 'files') return source.label;
  return `the output of: ${withoutPasswords(source.command)}`;
}
