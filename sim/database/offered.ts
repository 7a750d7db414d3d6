/** What a running server lacks of what is needed, asked of itself. */
import type { Flavour } from '../engine/flavours.js';
import type { MysqlAdmin } from '../engine/mysql/admin.js';
import type { Admin } from '../engine/postgres/admin.js';
import type { Need } from './needs.js';

/** Libraries need not be asked for: without one of them the server would not have started. */
export async function lackingInPostgres(
  admin: Admin,
  needs: readonly Need[],
): Promise<readonly Need[]> {
  const extensions = needs.filter(({ kind }) => kind === 'extension');
  if (extensions.length === 0) return [];
  const rows = await admin.query<{ name: string }>(
    'select name from pg_catalog.pg_available_extensions',
  );
  const offered = new Set(rows.map(({ name }) => name));
  return extensions.filter(({ name }) => !offered.has(name));
}

/**
 * Storage engines of both; plugin libraries of MariaDB, which lists those that are not loaded.
 * Where a dump installs plugins, storage engines may be among them.
 */
export async function lackingInMysql(
  admin: MysqlAdmin,
  flavour: Flavour,
  needs: readonly Need[],
): Promise<readonly Need[]> {
  const libraries = needs.filter(({ kind }) => kind === 'plugin');
  const engines = needs.filter(({ kind }) => kind === 'storage-engine');
  const lacking: Need[] = [];
  if (libraries.length > 0 && flavour === 'mariadb') {
    const rows = await admin.ask('select plugin_library from information_schema.all_plugins');
    const offered = namesOf(rows.map(([library]) => library?.replace(/\.(so|dylib)$/, '')));
    lacking.push(...libraries.filter(({ name }) => !offered.has(name.toLowerCase())));
  }
  if (engines.length > 0 && libraries.length === 0) {
    const rows = await admin.ask(
      "select engine from information_schema.engines where support in ('YES', 'DEFAULT')",
    );
    const offered = namesOf(rows.map(([engine]) => engine));
    lacking.push(...engines.filter(({ name }) => !offered.has(current(name.toLowerCase()))));
  }
  return lacking;
}

function namesOf(names: readonly (string | null | undefined)[]): Set<string> {
  return new Set(names.map((name) => (name ?? '').toLowerCase()));
}

/** Old names, which the servers still take. */
function current(engine: string): string {
  if (engine === 'merge') return 'mrg_myisam';
  return engine === 'heap' ? 'memory' : engine;
}
