/**
 * What clients of Aurora MySQL ask of the cluster by names that no other MySQL has, said in SQL
 * that every MySQL understands (AuroraUserGuide/AuroraMySQL.Reference.ISTables.html:
 * replica_host_status; AuroraMySQL.Updates.Versions.html: aurora_version). Pure.
 */

/** What an instance knows. */
export interface KnownToInstance {
  readonly identifier: string;
  /** As `aurora_version()` writes it: `3.05.2`. */
  readonly version: string;
  readonly members: readonly { readonly identifier: string; readonly isWriter: boolean }[];
}

/** Whether bytes may hold such a name: a look that is made of everything that a client sends. */
export function mayNameAurora(bytes: Buffer): boolean {
  return traces.some((trace) => bytes.includes(trace));
}

const traces = ['ost_status', 'OST_STATUS', 'urora', 'URORA'].map((text) => Buffer.from(text));

/** Quoted text and comments, in which a name is none. */
const quoted = [
  String.raw`'(?:[^'\\]|\\[\s\S]|'')*'`,
  String.raw`"(?:[^"\\]|\\[\s\S]|"")*"`,
  String.raw`--\s[^\n]*`,
  String.raw`#[^\n]*`,
  String.raw`\/\*[\s\S]*?\*\/`,
].join('|');
const names = new RegExp(
  [
    '(?<table>`?information_schema`?\\s*\\.\\s*`?replica_host_status`?(?![\\w`]|\\s*\\.))',
    '@@(?:(?:global|session)\\s*\\.\\s*)?(?<variable>aurora_server_id|aurora_version)\\b',
    '\\b(?<call>aurora_version)\\s*\\(\\s*\\)',
    quoted,
  ].join('|'),
  'gi',
);
const show = new RegExp(
  String.raw`^\s*show\s+(?:global\s+|session\s+)?variables\s+like\s+` +
    String.raw`(['"])(aurora_version|aurora_server_id)\1[\s;]*$`,
  'i',
);
/** Behind a table these are no name for it. */
const keyword = new RegExp(
  String.raw`^\s*(?:$|[,);]|(?:where|order|group|having|limit|join|inner|left|right|cross|` +
    String.raw`natural|straight_join|on|using|union|for|procedure|into|lock|use|ignore|force)\b)`,
  'i',
);

/** The same statement for another MySQL; null where it names nothing of Aurora's. */
export function withoutAuroraNames(sql: string, known: KnownToInstance): string | null {
  const shown = show.exec(sql.replaceAll('\\_', '_'));
  const values: Record<string, string> = {
    aurora_version: known.version,
    aurora_server_id: known.identifier,
  };
  if (shown !== null) {
    const name = (shown[2] ?? '').toLowerCase();
    return `select ${text(name)} as Variable_name, ${text(values[name] ?? '')} as Value`;
  }
  let isChanged = false;
  const changed = sql.replaceAll(names, (match, ...rest) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    const [offset, all] = [rest.at(-3) as number, rest.at(-2) as string];
    const behind = all.slice(offset + match.length);
    const name = (groups.variable ?? groups.call)?.toLowerCase();
    if (groups.table === undefined && name === undefined) return match;
    isChanged = true;
    if (name === undefined)
      return `${table(known)}${keyword.test(behind) ? ' as replica_host_status' : ''}`;
    const isItem = /^\s*(?:$|[,;]|from\b|limit\b)/i.test(behind);
    return `${text(values[name] ?? '')}${isItem ? ` as \`${match.replaceAll('`', '')}\`` : ''}`;
  });
  return isChanged ? changed : null;
}

/** What Aurora shows of a member and a local server cannot know is NULL. */
function table({ members }: KnownToInstance): string {
  const rows = members.map(({ identifier, isWriter }) => {
    const session = isWriter ? 'MASTER_SESSION_ID' : `session-of-${identifier}`;
    return (
      `select ${text(identifier)} as SERVER_ID, ${text(session)} as SESSION_ID, ` +
      'now(6) as LAST_UPDATE_TIMESTAMP, null as REPLICA_LAG_IN_MILLISECONDS, null as CPU, ' +
      'null as IOPS, 1 as IS_CURRENT'
    );
  });
  return `(${rows.join(' union all ')})`;
}

/** Identifiers and versions: letters, digits, dots and dashes. */
function text(value: string): string {
  return `'${value.replaceAll(/[^\w.-]/g, '')}'`;
}
