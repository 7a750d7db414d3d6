/** Options of the operation whose values the scenario decides on. */
import { requireDurationMs } from '../harness/duration.js';
import type { PatchChoices, PlanRequest, Versions } from '../harness/plan.js';
import type { Scenario } from '../harness/scenario.js';
import { auroraMysqlHas } from '../sim/server/versions.js';
import type { LateSessions } from '../sim/sim.js';
import { UserError } from '../sim/user-error.js';

interface OperationOptions {
  readonly lateSessions?: LateSessions;
  readonly preparedStatements?: 'survive' | 'lost';
  readonly lastInsertId?: 'survive' | 'lost';
  readonly longRunning?: string;
}

/**
 * What was given, or the scenario's own; null for one that patches nothing.
 * @throws UserError `OPTION_UNSUITED` for an option that the scenario does not have, or a value
 *   that AWS's documentation rules out
 */
export function patchChoices(
  scenario: Scenario,
  options: OperationOptions,
  versions: Versions,
): PatchChoices | null {
  const { choices } = scenario;
  const { lateSessions, preparedStatements, lastInsertId, longRunning } = options;
  if (choices === undefined) {
    refuse(scenario, '--late-sessions', lateSessions);
    refuse(scenario, '--prepared-statements', preparedStatements);
    refuse(scenario, '--last-insert-id', lastInsertId);
    refuse(scenario, '--long-running', longRunning);
    return null;
  }
  const since = choices.lastInsertIdSince;
  if (since === null) refuse(scenario, '--last-insert-id', lastInsertId);
  return {
    longRunningMs: requireDurationMs('--long-running', longRunning ?? '5m'),
    lateSessions: oneOf(scenario, '--late-sessions', lateSessions, choices.lateSessions),
    preparedStatements: oneOf(
      scenario,
      '--prepared-statements',
      preparedStatements,
      choices.preparedStatements,
    ),
    lastInsertId:
      since === null
        ? null
        : (lastInsertId ??
          (auroraMysqlHas(versions.awsFrom, [since]) === true ? 'survive' : 'lost')),
  };
}

/** @throws UserError `OPTION_UNSUITED` where an option is given that the scenario does not have */
export function refuse(scenario: Scenario, option: string, value: string | undefined): void {
  if (value !== undefined) throw unsuited(scenario, option, value, []);
}

/**
 * The scenario's defects that a version has: those that no version has mended, or only later
 * ones. Of a version that AWS does not number, all are told.
 */
export function publishedDefects(
  { defects }: Scenario,
  awsFrom: string,
): PlanRequest['publishedDefects'] {
  return defects.flatMap(({ name, what, source, fixedIn }) =>
    fixedIn === null || auroraMysqlHas(awsFrom, fixedIn) === true
      ? []
      : [{ name, what, source, fixedIn: [...fixedIn] }],
  );
}

/** The first value where none was given. */
function oneOf<T extends string>(
  scenario: Scenario,
  option: string,
  given: T | undefined,
  allowed: readonly T[],
): T {
  const value = given ?? allowed[0];
  if (value !== undefined && allowed.includes(value)) return value;
  throw unsuited(scenario, option, value ?? '', allowed);
}

function unsuited(
  { name }: Scenario,
  option: string,
  value: string,
  allowed: readonly string[],
): UserError {
  return new UserError(
    'OPTION_UNSUITED',
    `${option} ${value} is nothing that ${name} can do.`,
    allowed.length === 0
      ? `Leave ${option} out.`
      : `Give ${option} ${allowed.join(' or ')}, or leave it out; see rehearse describe ${name}.`,
  );
}
