/**
 * The registry of running servers on disk: one small file for each, so that a later start of this
 * tool can find and remove what a killed one left.
 */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const processRef = z.object({ pid: z.number().int().positive(), startedAt: z.string() });
/** A process, told from a later one with the same number by the time that it started. */
export type ProcessRef = z.infer<typeof processRef>;

const registered = z.object({
  v: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]+-[0-9a-f]{12}$/),
  hostId: z.string(),
  /** The machine whatever its boot; null or absent where that is not certain. */
  machineId: z.string().nullish(),
  owner: processRef,
  /** The server's main process while there is one. */
  server: processRef.nullable(),
  /** Everything of the server is below this folder. */
  folder: z.string(),
  port: z.number().int().nullable(),
  /** ISO 8601. */
  created: z.string(),
});
/** One server as the registry knows it. */
export type Registered = z.infer<typeof registered>;

/** Writes or replaces an entry in one step. */
export function register(registry: string, entry: Registered): void {
  const path = join(registry, `${entry.id}.json`);
  writeFileSync(`${path}.draft`, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}

export function unregister(registry: string, id: string): void {
  rmSync(join(registry, `${id}.json`), { force: true });
}

/** The entries that this user wrote; files of others and files that are none are passed over. */
export function readRegistry(registry: string): Registered[] {
  return entryNames(registry).flatMap((name) => {
    try {
      const path = join(registry, name);
      if (statSync(path).uid !== process.geteuid?.()) return [];
      const entry = registered.parse(JSON.parse(readFileSync(path, 'utf8')));
      return name === `${entry.id}.json` ? [entry] : [];
    } catch {
      return [];
    }
  });
}

function entryNames(registry: string): string[] {
  try {
    return readdirSync(registry).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
