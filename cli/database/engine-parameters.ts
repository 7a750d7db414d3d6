/**
 * `--engine-parameters FILE`: server parameters, in whatever form people have them: as in
 * postgresql.conf or my.cnf, as YAML or JSON of names and values, or as the AWS CLI prints a
 * parameter group (`aws rds describe-db-cluster-parameters`).
 */
import { extname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../sim/user-error.js';
import { codeOf, readBounded } from '../files.js';

/** What a file says. */
export interface EngineParameters {
  readonly parameters: Readonly<Record<string, string>>;
  /** Names that mean something to RDS alone. */
  readonly leftOut: readonly string[];
}

const bytesMax = 4_000_000;
const value = z.union([z.string(), z.number(), z.boolean()]).transform((one) => {
  if (typeof one === 'boolean') return one ? 'on' : 'off';
  return String(one);
});
const mapping = z.record(z.string(), value);
const groups = z.looseObject({
  Parameters: z.array(
    z.looseObject({
      ParameterName: z.string(),
      ParameterValue: z.string().optional(),
      /** `user` for what somebody set, else `engine-default` or `system`. */
      Source: z.string().optional(),
    }),
  ),
});

/** @throws UserError `PARAMETERS_FILE_MISSING`, `PARAMETERS_FILE_INVALID` */
export function engineParameters(label: string, folder: string): EngineParameters {
  const text = readText(label, folder);
  const isData = ['.json', '.yaml', '.yml'].includes(extname(label).toLowerCase());
  if (!isData && !/^\s*\{/.test(text)) return { parameters: fromLines(text, label), leftOut: [] };
  const raw = parsed(text, label);
  const group = groups.safeParse(raw);
  if (group.success) return fromGroup(group.data);
  const read = mapping.safeParse(raw);
  if (read.success) return { parameters: read.data, leftOut: [] };
  const issue = read.error.issues[0];
  throw invalid(label, `${issue?.path.join('.') || 'the whole'} is no name with a value`);
}

function readText(label: string, folder: string): string {
  let text: string | null;
  try {
    text = readBounded(resolve(folder, label), bytesMax);
  } catch (error) {
    throw new UserError(
      'PARAMETERS_FILE_MISSING',
      `--engine-parameters ${label} cannot be read (${codeOf(error) ?? 'unreadable'}).`,
      'Name a file of names and values, as in postgresql.conf or my.cnf.',
    );
  }
  if (text === null) throw invalid(label, `it is longer than ${bytesMax} bytes`);
  return text.replace(/^\u{feff}/u, '');
}

function parsed(text: string, label: string): unknown {
  try {
    return parse(text, { maxAliasCount: 10 });
  } catch (error) {
    throw invalid(label, error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'no YAML');
  }
}

/** Only what somebody set: the rest are defaults of RDS, with formulas in its instance sizes. */
function fromGroup({ Parameters }: z.infer<typeof groups>): EngineParameters {
  const parameters: Record<string, string> = {};
  const leftOut: string[] = [];
  for (const { ParameterName: name, ParameterValue, Source = 'user' } of Parameters) {
    if (ParameterValue === undefined || Source !== 'user') continue;
    const isOfRds = /^(rds|aurora|apg|aws)[._]/.test(name) || /[{}]/.test(ParameterValue);
    if (isOfRds) leftOut.push(name);
    else parameters[name] = ParameterValue;
  }
  return { parameters, leftOut };
}

/** Groups of a my.cnf that are the server's. */
const serverGroup = /^(mysqld|server|mariadb|mariadbd|postgres)(-[\d.]+)?$/i;

function fromLines(text: string, label: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  let isWanted = true;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const bare = line.trim();
    if (bare === '' || bare.startsWith('#') || bare.startsWith(';')) continue;
    const group = /^\[([^\]]*)\]/.exec(bare)?.[1];
    if (group !== undefined) isWanted = serverGroup.test(group.trim());
    if (group !== undefined || !isWanted) continue;
    const [, name, rest] = /^([\w.-]+)\s*(?:(?:=|\s)\s*(.*))?$/.exec(bare) ?? [];
    if (name === undefined || /^(!|include)/.test(bare))
      throw invalid(label, `line ${index + 1} is no name with a value`);
    // A bare name switches something on.
    parameters[name] = rest === undefined ? 'on' : unquoted(rest, label, index + 1);
  }
  return parameters;
}

/** A value without its quotes and without the comment after it. */
function unquoted(text: string, label: string, line: number): string {
  const quote = text[0];
  if (quote !== "'" && quote !== '"') return text.replace(/\s+#.*$/, '').trim();
  const pattern = quote === "'" ? /^'((?:[^'\\]|''|\\.)*)'/ : /^"((?:[^"\\]|\\.)*)"/;
  const inside = pattern.exec(text)?.[1];
  if (inside === undefined) throw invalid(label, `line ${line} has a quote that does not end`);
  return inside.replaceAll("''", "'").replaceAll(/\\(.)/g, '$1');
}

function invalid(label: string, why: string): UserError {
  return new UserError(
    'PARAMETERS_FILE_INVALID',
    `The engine parameters in ${label} cannot be used: ${why}.`,
    'Write one "name = value" a line as in postgresql.conf or my.cnf, or YAML, or JSON.',
  );
}
