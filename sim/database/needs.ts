/** What a dump needs of a server that not every server has, read from its statements. Pure. */
import type { EngineName } from '../server/server.js';

/**
 * `extension` and `library` (one that is loaded at the start) of Postgres; `plugin` (a library),
 * `component` and `storage-engine` of MySQL and MariaDB.
 */
export type NeedKind = 'extension' | 'library' | 'plugin' | 'component' | 'storage-engine';

export interface Need {
  readonly kind: NeedKind;
  /** As the server knows it: `postgis`, `ha_rocksdb`, `ROCKSDB`. */
  readonly name: string;
  /** Where it is asked for: a file and line, or a parameter. */
  readonly from: string;
}

type NeedOf = Pick<Need, 'kind' | 'name'>;

const headBytesMax = 4_096;
/** The options of a table come after its columns. */
const tableBytesMax = 1024 * 1024;

/** What one statement needs. */
export function needsOfStatement(engine: EngineName, sql: Buffer): NeedOf[] {
  const head = sql.toString('utf8', 0, headBytesMax);
  return engine === 'postgres' ? postgresNeeds(head) : mysqlNeeds(head, sql);
}

function postgresNeeds(head: string): NeedOf[] {
  const extension = /^create\s+extension\s+(?:if\s+not\s+exists\s+)?(?:"([^"]+)"|([\w$]+))/i;
  const [, quoted, plain] = extension.exec(head) ?? [];
  const name = quoted ?? plain?.toLowerCase();
  return name === undefined ? [] : [{ kind: 'extension', name }];
}

function mysqlNeeds(head: string, sql: Buffer): NeedOf[] {
  const bare = withoutWrapping(head);
  const library = /^install\s+(?:plugin\s+\S+\s+)?soname\s+(['"])([^'"]+)\1/i.exec(bare)?.[2];
  if (library !== undefined) return [{ kind: 'plugin', name: libraryName(library) }];
  if (/^install\s+component\b/i.test(bare))
    return [...bare.matchAll(/(['"])file:\/\/([^'"]+)\1/gi)].map(([, , name = '']) => ({
      kind: 'component',
      name,
    }));
  if (!/^create\s+(?:or\s+replace\s+)?(?:temporary\s+)?table\b/i.test(bare)) return [];
  const text = withoutWrapping(sql.toString('latin1', 0, tableBytesMax));
  const unquoted = text.replaceAll(
    /'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`[^`]*`/g,
    "''",
  );
  const engines = [...unquoted.matchAll(/\bengine\s*=\s*(\w+)/gi)].map(([, name = '']) => name);
  return [...new Set(engines)].map((name) => ({ kind: 'storage-engine', name }));
}

/** Takes the marks of comments away that the server runs, and space at the beginning. */
function withoutWrapping(sql: string): string {
  return sql.replaceAll(/\/\*M?!\d*|\*\//g, ' ').trimStart();
}

function libraryName(file: string): string {
  return file.replace(/\.(so|dll|dylib)$/i, '');
}

const libraryParameters: Readonly<Record<string, NeedKind>> = {
  shared_preload_libraries: 'library',
  session_preload_libraries: 'library',
  local_preload_libraries: 'library',
  plugin_load: 'plugin',
  plugin_load_add: 'plugin',
  early_plugin_load: 'plugin',
};

/** What server parameters need. */
export function needsOfParameters(parameters: Readonly<Record<string, string>>): Need[] {
  return Object.entries(parameters).flatMap(([parameter, value]) => {
    const key = parameter
      .toLowerCase()
      .replaceAll('-', '_')
      .replace(/^loose_/, '');
    const kind = libraryParameters[key];
    if (kind === undefined) return [];
    const names = value.split(/[,;:]/).map((one) => one.trim().replace(/^["']|["']$/g, ''));
    return names
      .filter((name) => name !== '')
      .map((name) => ({ kind, name: libraryName(name.replace(/^.*=/, '')), from: parameter }));
  });
}

/** Each need once, at the place that names it first. */
export function distinctNeeds(needs: readonly Need[]): Need[] {
  const known = new Map<string, Need>();
  for (const need of needs) {
    const key = `${need.kind} ${need.name.toLowerCase()}`;
    if (!known.has(key)) known.set(key, need);
  }
  return [...known.values()];
}
