/** Checks the shape of a scenario of a user's own: every problem at once. Pure. */
import type { z } from 'zod';
import type { Problem, ValuePath } from './problem.js';
import {
  backSchema,
  type CheckedScenario,
  conditionSchemas,
  phaseSchema,
  stepSchemas,
  topologySchema,
  userScenarioSchema,
  versionsSchema,
} from './schema.js';

export type Checked =
  | { readonly scenario: CheckedScenario; readonly problems?: undefined }
  | { readonly scenario?: undefined; readonly problems: readonly Problem[] };

const depthMax = 20;
const nodesMax = 50_000;

/** @param value as it was read: nothing is taken for granted */
export function checkShape(value: unknown): Checked {
  const monstrous = tooLarge(value);
  if (monstrous !== null) return { problems: [monstrous] };
  const parsed = userScenarioSchema.safeParse(value);
  if (parsed.success) return { scenario: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, value));
  return { problems: withoutEchoes(problems) };
}

/** A value that goes round in circles, or is larger than any procedure. */
function tooLarge(value: unknown): Problem | null {
  let nodes = 0;
  const look = (one: unknown, path: ValuePath): Problem | null => {
    if (typeof one !== 'object' || one === null) return null;
    nodes += 1;
    if (path.length > depthMax || nodes > nodesMax)
      return { code: 'VALUE_TOO_LARGE', path: path.slice(0, 3), what: 'it is nested without end' };
    for (const [key, inside] of Object.entries(one)) {
      const found = look(inside, [...path, Array.isArray(one) ? Number(key) : key]);
      if (found !== null) return found;
    }
    return null;
  };
  return look(value, []);
}

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, value: unknown): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const found = valueAt(value, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(path, found);
      return issue.keys.map((key) => ({
        ...{ code: 'KEY_UNKNOWN', path: [...path, key], ofKey: true as const },
        what: `there is no "${key}" here`,
        near: { typed: key, known },
      }));
    }
    case 'invalid_union':
      return [unionProblem(issue, path, found)];
    case 'invalid_type':
      if (found === undefined) return [missing(path)];
      return [invalid(path, `is ${kindOf(found)}, where ${wantedText(issue.expected)} is needed`)];
    case 'invalid_value': {
      if (found === undefined) return [missing(path)];
      const known = issue.values.map(String);
      const what = `is ${shown(found)}, and not ${orText(known)}`;
      const near = typeof found === 'string' ? { near: { typed: found, known } } : {};
      return [{ ...invalid(path, what), ...near }];
    }
    case 'too_big':
    case 'too_small':
      return [invalid(path, sizeText(issue, found))];
    default:
      return [invalid(path, issue.message.replace(/^Invalid .*$/, 'is not what is needed here'))];
  }
}

/** A step of no kind that there is, or a value of none of several kinds. */
function unionProblem(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: ValuePath,
  found: unknown,
): Problem {
  const { discriminator, options } = issue as { discriminator?: string; options?: unknown[] };
  if (discriminator === undefined) {
    if (found === undefined) return missing(path);
    return invalid(path, `is ${kindOf(found)}, which is not what is needed here`);
  }
  if (found === undefined) return missing(path);
  const known = (options ?? []).map(String);
  const code = discriminator === 'step' ? 'STEP_UNKNOWN' : 'CONDITION_UNKNOWN';
  const what = `${shown(found)} is no ${discriminator} (there are ${known.join(', ')})`;
  const near = typeof found === 'string' ? { near: { typed: found, known } } : {};
  return { code, path, what, ...near };
}

function missing(path: ValuePath): Problem {
  return { code: 'KEY_MISSING', path, what: `"${String(path.at(-1) ?? '')}" is missing` };
}

function invalid(path: ValuePath, what: string): Problem {
  const name = path.at(-1);
  const subject = typeof name === 'string' ? `"${name}"` : 'it';
  return { code: 'VALUE_INVALID', path, what: `${subject} ${what}` };
}

/** One that is missing beside one that is misspelt is the same mistake told twice. */
function withoutEchoes(problems: readonly Problem[]): Problem[] {
  const unknownIn = new Set(
    problems.flatMap(({ code, path }) =>
      code === 'KEY_UNKNOWN' ? [JSON.stringify(path.slice(0, -1))] : [],
    ),
  );
  const isEcho = ({ code, path }: Problem): boolean =>
    code === 'KEY_MISSING' && unknownIn.has(JSON.stringify(path.slice(0, -1)));
  const kept = problems.filter((problem) => !isEcho(problem));
  return kept.length > 0 ? kept : [...problems];
}

/** The keys that may stand at a place. */
function keysAt(path: ValuePath, value: unknown): string[] {
  const [last, before] = [path.at(-1), path.at(-2)];
  const of = (schema: { readonly shape: object } | undefined): string[] =>
    Object.keys(schema?.shape ?? {});
  if (path.length === 0) return of(userScenarioSchema);
  if (before === 'phases') return of(phaseSchema);
  if (before === 'steps' || before === 'undo') return of(entryOf(stepSchemas, value, 'step'));
  if (last === 'until') return of(entryOf(conditionSchemas, value, 'condition'));
  if (last === 'back') return of(backSchema);
  if (last === 'topology') return of(topologySchema);
  if (last === 'versions') return of(versionsSchema);
  if (last === 'statements' || last === 'statement') return ['postgres', 'mysql', 'mariadb'];
  return [];
}

function entryOf<S>(schemas: Readonly<Record<string, S>>, value: unknown, key: string) {
  const kind = valueAt(value, [key]);
  return typeof kind === 'string' && Object.hasOwn(schemas, kind) ? schemas[kind] : undefined;
}

export function valueAt(value: unknown, path: ValuePath): unknown {
  let one = value;
  for (const part of path) {
    if (typeof one !== 'object' || one === null || !Object.hasOwn(one, part)) return undefined;
    one = (one as Record<string | number, unknown>)[part];
  }
  return one;
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  return typeof value === 'string' ? 'a text' : `${aOf(typeof value)} ${typeof value}`;
}

const wanted: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a group of keys',
  record: 'a group of keys',
  array: 'a list',
  int: 'a whole number',
};

function wantedText(expected: string): string {
  return wanted[expected] ?? `${aOf(expected)} ${expected}`;
}

function aOf(word: string): string {
  return /^[aeiou]/.test(word) ? 'an' : 'a';
}

function sizeText(
  issue: Extract<Issue, { code: 'too_big' | 'too_small' }>,
  found: unknown,
): string {
  const limit = issue.code === 'too_big' ? issue.maximum : issue.minimum;
  const most = issue.code === 'too_big' ? 'at most' : 'at least';
  if (Array.isArray(found)) return `has ${found.length} entries, where ${most} ${limit} are needed`;
  if (typeof found === 'string')
    return found === '' ? 'is empty' : `is longer than ${String(limit)} characters`;
  return `is ${shown(found)}, where ${most} ${String(limit)} is needed`;
}

function orText(known: readonly string[]): string {
  return known.length === 1 ? (known[0] ?? '') : `one of ${known.join(', ')}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
