/**
 * Puts a session's contents into a new server connection, step by step, each step answered on its
 * own. Without an essential step the session is not the client's any more; any other failure is a
 * loss that is told.
 */
import { type Ask, EngineError } from '../ask.js';
import type { MysqlSessionContents } from './examine.js';
import { identifier } from './quoting.js';
import {
  assignment,
  isEssential,
  type MysqlVariable,
  variablesToSet,
} from './session-variables.js';
import type { MysqlUserVariable } from './user-variables.js';

/** One statement, or several in place of one that failed as a whole. */
export interface RestoreStep {
  readonly what: string;
  readonly sql: string;
  readonly essential: boolean;
  /** The client never asked for it, so that nobody misses it: a new server's default will do. */
  readonly unasked?: boolean;
  /** Tried one by one where `sql` failed: which of many was it? */
  readonly singly?: readonly RestoreStep[];
}

export interface RestoreChoices {
  /** A fresh session's variables on the server that the connection is to. */
  readonly fresh: ReadonlyMap<string, string>;
  /** Whether LAST_INSERT_ID() survives: on Aurora MySQL from 3.10.0 on, as its notes say. */
  readonly lastInsertId: 'survive' | 'lost';
  /** `lost` is a published defect: role privileges were not restored before 3.08.0. */
  readonly role: 'survive' | 'lost';
}

/** User variables in one statement; a server's packet limit is 64 MiB by default, 16 on MariaDB. */
const statementCharsMax = 1_000_000;

/**
 * The steps, in the order in which they must run. The first makes texts be read as they are
 * written here, whatever the new connection began with; the last give the session its own modes,
 * AUTOCOMMIT and limits on time.
 */
export function restoreSteps(
  contents: MysqlSessionContents,
  choices: RestoreChoices,
): { steps: RestoreStep[]; lost: string[] } {
  const { early, late } = variablesToSet(contents.variables, choices.fresh);
  const { database, role, lastInsertId } = contents;
  const told = contents.userVariables.filter(({ sql }) => sql !== null);
  const untold = contents.userVariables.filter(({ sql }) => sql === null);
  const steps: RestoreStep[] = [
    {
      what: 'the way in',
      sql:
        "SET character_set_client = 'utf8mb4', collation_connection = 'utf8mb4_bin', " +
        "character_set_results = 'utf8mb4', @@SESSION.sql_mode = 0",
      essential: true,
    },
    ...(database === null ? [] : [essential('database', `USE ${identifier(database)}`)]),
    essential('role', `SET ROLE ${(choices.role === 'lost' ? null : role) ?? 'NONE'}`),
    ...userVariableSteps(told),
    ...(lastInsertId === null || choices.lastInsertId === 'lost'
      ? []
      : [optional('LAST_INSERT_ID()', `SELECT LAST_INSERT_ID(${BigInt(lastInsertId)})`)]),
    ...variableSteps(early),
    ...variableSteps(late),
  ];
  return { steps, lost: untold.map(({ name }) => `${userVariable(name)}: not told`) };
}

function variableSteps(variables: readonly MysqlVariable[]): RestoreStep[] {
  return together(
    variables.map((one) => ({
      what: `variable ${one.name}`,
      sql: assignment(one),
      essential: isEssential(one),
      unasked: !one.own,
    })),
  );
}

function userVariableSteps(variables: readonly MysqlUserVariable[]): RestoreStep[] {
  return together(
    variables.map(({ name, sql }) => ({
      what: userVariable(name),
      sql: `@${identifier(name)} = ${sql}`,
      essential: false,
    })),
  );
}

const userVariable = (name: string): string => `user variable @${name}`;

/** Assignments in as few SETs as their length allows: one that fails changes nothing at all. */
function together(assignments: readonly RestoreStep[]): RestoreStep[] {
  const groups: RestoreStep[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const one of assignments) {
    chars += one.sql.length;
    if (chars > statementCharsMax) {
      groups.push([]);
      chars = one.sql.length;
    }
    groups.at(-1)?.push({ ...one, sql: `SET ${one.sql}` });
  }
  return groups.map((group) => ({
    what: group.map(({ what }) => what).join(', '),
    sql: `SET ${group.map(({ sql }) => sql.slice('SET '.length)).join(', ')}`,
    essential: group.some((one) => one.essential),
    unasked: group.every((one) => one.unasked === true),
    singly: group,
  }));
}

function essential(what: string, sql: string): RestoreStep {
  return { what, sql, essential: true };
}

function optional(what: string, sql: string): RestoreStep {
  return { what, sql, essential: false };
}

export interface Restored {
  /** The first essential step that failed, in the server's words; null when all went well. */
  readonly failure: string | null;
  /** What could not be put back, in the server's words. */
  readonly lost: readonly string[];
}

/**
 * Runs the steps and stops at the first essential one that fails.
 * @throws Error where the connection is gone or does not answer
 */
export async function runRestoration(ask: Ask, steps: readonly RestoreStep[]): Promise<Restored> {
  const lost: string[] = [];
  for (const step of steps) {
    const refused = await refusal(ask, step.sql);
    if (refused === null) continue;
    if (step.singly !== undefined && step.singly.length > 1) {
      const part = await runRestoration(ask, step.singly);
      lost.push(...part.lost);
      if (part.failure !== null) return { failure: part.failure, lost };
      continue;
    }
    if (step.unasked === true && !step.essential) continue;
    const text = `${step.singly?.[0]?.what ?? step.what}: ${refused}`;
    if (step.essential) return { failure: text, lost };
    lost.push(text);
  }
  return { failure: null, lost };
}

/** @returns the server's words where it said no */
async function refusal(ask: Ask, sql: string): Promise<string | null> {
  try {
    await ask(sql);
    return null;
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}
