/**
 * Temporary tables of a session. No server shows them whole: MySQL those of InnoDB alone, MariaDB
 * before 11.2 none. So a session's own statements are searched for names, and the session is asked
 * of each what it is now: whatever else a text with such words was, it made no table.
 */
import { type Ask, EngineError } from '../ask.js';
import type { Flavour } from '../flavours.js';
import { ascii } from './quoting.js';

/** What the statements of one session told. */
export interface TemporaryTableTraces {
  /** Names under which there may be one, as SQL writes them. */
  readonly names: readonly string[];
  /** There may be another, under a name that is not known. */
  readonly unsure: boolean;
}

export const noTraces: TemporaryTableTraces = { names: [], unsure: false };

const namesMax = 50;

/** Blanks and comments, also the marks of those that the server runs. Each can match one way. */
const gap =
  '(?:\\s|\\/\\*(?!M?!)(?:[^*]|\\*(?!\\/)){0,500}\\*\\/|\\/\\*M?!\\d*|\\*\\/|--[^\\n]{0,500}\\n' +
  '|#[^\\n]{0,500}\\n)';
const part = '(?:`(?:[^`]|``){1,64}`|"(?:[^"]|""){1,64}"|[\\w$\\u0080-\\uffff]{1,64})';
const created = new RegExp(
  `\\bcreate${gap}+(?:or${gap}+replace${gap}+)?temporary${gap}+(?:table|sequence)\\b` +
    `(?:${gap}+if${gap}+not${gap}+exists)?${gap}*(${part}(?:\\s*\\.\\s*${part})?)?`,
  'gi',
);
const maybe = /\btemporary\b/i;
const uses = new RegExp(`(?:^|;)${gap}*use\\b`, 'i');

/** Collects what a session's statements tell. */
export class TemporaryTableWatch implements TemporaryTableTraces {
  readonly #names = new Set<string>();
  #unsure = false;

  get names(): readonly string[] {
    return [...this.#names];
  }

  get unsure(): boolean {
    return this.#unsure;
  }

  /** @param bytes those of a statement, or of its beginning, from `from` on */
  statement(bytes: Buffer, from = 0): void {
    // Nearly every statement ends here: neither a view nor a text is made of it.
    if (this.#names.size === 0 && !holdsTemp(bytes, from)) return;
    const text = bytes.toString('latin1', from);
    if (this.#names.size > 0 && (uses.test(text) || renames(text))) this.#unsure = true;
    if (!maybe.test(text)) return;
    for (const [, name] of bytes.toString('utf8', from).matchAll(created)) {
      if (name === undefined || this.#names.size === namesMax) this.#unsure = true;
      else this.#names.add(name);
    }
  }

  /** A name without a database means another table from now on. */
  databaseChanged(): void {
    if (this.#names.size > 0) this.#unsure = true;
  }

  /** The session's state was reset: they are gone. */
  clear(): void {
    this.#names.clear();
    this.#unsure = false;
  }
}

/** Whether the letters t, e, m, p follow each other anywhere, in any case. */
function holdsTemp(sql: Buffer, from: number): boolean {
  for (let at = from; at + 3 < sql.length; at++) {
    if (((sql[at] as number) | 0x20) !== 0x74) continue;
    const [second, third, fourth] = [sql[at + 1], sql[at + 2], sql[at + 3]] as [
      number,
      number,
      number,
    ];
    if ((second | 0x20) === 0x65 && (third | 0x20) === 0x6d && (fourth | 0x20) === 0x70)
      return true;
  }
  return false;
}

function renames(text: string): boolean {
  return /\balter\b/i.test(text) && /\brename\b/i.test(text);
}

export interface FoundTables {
  readonly count: number;
  /** Whether there is one could not be found out: there may be none. */
  readonly guessed: boolean;
}

/** Asks a session which of the names are temporary tables of its own now. */
export async function tracedTables(
  ask: Ask,
  { names, unsure }: TemporaryTableTraces,
  { flavour, clientCharacterSet }: { flavour: Flavour; clientCharacterSet: string },
): Promise<FoundTables> {
  const head = flavour === 'mariadb' ? 'set statement max_statement_time = 0 for ' : '';
  let [count, open] = [0, unsure];
  for (const name of names) {
    // Names are sent in UTF-8, and the session may read another character set.
    if (/[^ -~]/.test(name) && !clientCharacterSet.startsWith('utf8')) open = true;
    else {
      const is = await isTemporary(ask, `${head}show create table ${name}`);
      if (is === undefined) open = true;
      else if (is) count++;
    }
  }
  return count === 0 && open ? { count: 1, guessed: true } : { count, guessed: false };
}

/** No such table, no such database, none chosen, or no right to see it: a temporary one shows. */
const noSuch: readonly (number | null)[] = [1146, 1049, 1046, 1142, 1044];

/** @returns undefined where the session does not tell */
async function isTemporary(ask: Ask, question: string): Promise<boolean | undefined> {
  try {
    const [row] = await ask(question);
    return /^create temporary /i.test(ascii(row?.[1] ?? ''));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return noSuch.includes(error.number) ? false : undefined;
  }
}
