/** The variables `@x` of a session, with the type and character set that each value has. */
import type { Ask } from '../ask.js';
import type { Flavour } from '../flavours.js';
import { allRows, ascii, fromHex, identifier } from './quoting.js';

/** One user variable. */
export interface MysqlUserVariable {
  readonly name: string;
  /** An expression with its value and type: `CAST('5' AS SIGNED)`; null = it could not be told. */
  readonly sql: string | null;
}

/** How many are asked for at a time. */
const atOnceMax = 50;

/** What the values are asked with. */
export interface UserVariableQuestion {
  readonly flavour: Flavour;
  /** Their names, where the server's own views tell them; else they are asked of the session. */
  readonly names: readonly string[] | null;
  /** The session's character_set_client: names are sent in UTF-8. */
  readonly clientCharacterSet: string;
}

/** Asks a session for its variables. Leaves everything but the list of warnings as it was. */
export async function userVariablesOf(
  ask: Ask,
  { flavour, names, clientCharacterSet }: UserVariableQuestion,
): Promise<MysqlUserVariable[]> {
  const wanted = names ?? (await namesOf(ask));
  const foreign = wanted.some((name) => /[^ -~]/.test(name)) && !/^utf8/.test(clientCharacterSet);
  if (foreign) await ask("set character_set_client = 'utf8mb4'");
  const found: MysqlUserVariable[] = [];
  try {
    for (let at = 0; at < wanted.length; at += atOnceMax) {
      const some = wanted.slice(at, at + atOnceMax);
      const rows = await ask(valuesQuery(flavour, some));
      for (const [index, type, charset, collation, hex, number] of rows) {
        const name = some[Number(ascii(index ?? ''))];
        if (name === undefined) continue;
        const told = [type, charset, collation, hex, number].map((one) => one && ascii(one));
        found.push({ name, sql: expression(told) });
      }
    }
  } finally {
    if (foreign) await ask(`set character_set_client = '${clientCharacterSet}'`);
  }
  return found;
}

async function namesOf(ask: Ask): Promise<string[]> {
  const rows = await ask(
    'set statement max_statement_time = 0 for ' +
      `select hex(variable_name) from information_schema.user_variables ${allRows}`,
  );
  return rows.map(([name]) => fromHex(name ?? ''));
}

/**
 * One row for each: its index, type, character set, collation, bytes, and its text if a number.
 * A number's character set is binary, as a blob's is; MySQL's JSON tells them apart, MariaDB has
 * a view of its own for it.
 */
function valuesQuery(flavour: Flavour, names: readonly string[]): string {
  const selects = names.map((name, index) => {
    const variable = `@${identifier(name)}`;
    const type =
      flavour === 'mysql'
        ? `if(charset(${variable}) = 'binary',
            json_type(json_extract(json_array(${variable}), '$[0]')), 'STRING')`
        : `(select variable_type from information_schema.user_variables
            where hex(variable_name) = '${hexOf(name)}')`;
    // For the whole statement where it is the first: the session's own limit may be 1 ms.
    const limit = flavour === 'mysql' && index === 0 ? '/*+ MAX_EXECUTION_TIME(60000) */ ' : '';
    return `select ${limit}${index}, ${type}, charset(${variable}), collation(${variable}),
      hex(${variable}), if(charset(${variable}) = 'binary', cast(${variable} as char), null)`;
  });
  const all = `${selects.map((one) => `(${one})`).join(' union all ')} ${allRows}`;
  return flavour === 'mysql' ? all : `set statement max_statement_time = 0 for ${all}`;
}

/** By its bytes: to the view's own collation `e` and `é` are one name. */
function hexOf(name: string): string {
  return Buffer.from(name, 'utf8').toString('hex').toUpperCase();
}

/** The expression that has this value and type; null where the server did not give the value. */
function expression(told: readonly (string | null | undefined)[]): string | null {
  const [type, charset, collation, hex, number] = told;
  if (type === 'NULL') return 'NULL';
  if (hex === null || hex === undefined) return type === 'BLOB' ? null : 'NULL';
  switch (type) {
    case 'INTEGER':
    case 'INT':
    case 'BOOLEAN':
      return `CAST('${number}' AS SIGNED)`;
    case 'UNSIGNED INTEGER':
    case 'INT UNSIGNED':
      return `CAST('${number}' AS UNSIGNED)`;
    case 'DOUBLE':
      return /e/i.test(number ?? '') ? `${number}` : `${number}e0`;
    case 'DECIMAL':
      return decimal(number ?? '0');
    default:
      return `_${charset} X'${hex}'${charset === 'binary' ? '' : ` COLLATE ${collation}`}`;
  }
}

function decimal(number: string): string {
  const [whole = '', fraction = ''] = number.replace('-', '').split('.');
  const digits = whole.replace(/^0+/, '').length + fraction.length;
  return `CAST('${number}' AS DECIMAL(${Math.max(digits, 1)}, ${fraction.length}))`;
}
