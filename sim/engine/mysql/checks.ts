/**
 * The steps that a runbook for patching Aurora MySQL takes before and after, as named checks. What
 * is looked at comes from AuroraUserGuide/AuroraMySQL.Updates.ZDP.html: long queries and
 * transactions, temporary tables, user and table locks, pending parameters; afterwards global
 * variables. Facts only: evaluation is pure.
 */
import type { Clock } from '../../clock.js';
import type { Flavour, ServerVersion } from '../flavours.js';
import { activityOf } from './activity.js';
import type { MysqlAdmin } from './admin.js';
import { type LostGlobal, statusCounter } from './globals.js';
import { heldLocks, lockViewsOf } from './locks.js';

export interface CheckOutcome {
  readonly name: string;
  /** `blocked`: the patch must not begin; `warning`: it may, and somebody will feel it. */
  readonly state: 'ok' | 'warning' | 'blocked';
  readonly detail: string;
}

/** What is so before the patch. */
export interface BeforePatch {
  /** Statements that run now, without the one that asks. */
  readonly threadsRunning: number;
  readonly queriesPerSecond: number;
  /** Age of the oldest open transaction; null = none is open. */
  readonly oldestTransactionMs: number | null;
  /** Age of the oldest running statement; null = none runs. */
  readonly oldestQueryMs: number | null;
  /** Null where this server does not show them. */
  readonly temporaryTables: number | null;
  readonly userLocks: number | null;
  readonly sessionsLockingTables: number | null;
  /** Of those, how many do so by a data definition statement that runs. */
  readonly lockingByDefinition: number;
  /** Names of changed parameters that wait for a reboot. */
  readonly pendingParameters: readonly string[];
}

/** Limits of "low traffic" and "long": AWS names none of the first, and 5 minutes of the second. */
export interface CheckLimits {
  readonly queriesPerSecondMax: number;
  readonly longRunningMs: number;
}

const answerMsMax = 10_000;

/** Of InnoDB: there is no view of others. */
const mysqlTemporaryTables = `
  select count(*) from information_schema.innodb_session_temp_tablespaces s
  join information_schema.innodb_temp_table_info t on t.space = s.space
  where s.purpose = 'USER'`;

/**
 * Looks at a server before its patch; traffic is counted over `sampleMs`.
 * @throws what `MysqlAdmin.query` throws
 */
export async function lookBeforePatch(
  admin: MysqlAdmin,
  flavour: Flavour,
  clock: Clock,
  pendingParameters: readonly string[],
  sampleMs = 1_000,
): Promise<BeforePatch> {
  const [beginNs, questions] = [clock.nowNs(), await statusCounter(admin, 'Questions')];
  await clock.sleep(sampleMs);
  const [endNs, later] = [clock.nowNs(), await statusCounter(admin, 'Questions')];
  const sessions = await activityOf(admin, { flavour }, 'others', answerMsMax);
  const running = sessions.filter(({ active, replicates }) => active && !replicates);
  const locking = sessions.filter(({ locksTable }) => locksTable);
  const [tables] = flavour === 'mysql' ? await admin.ask(mysqlTemporaryTables) : [];
  const view = await lockViewsOf(admin);
  const locks = view === null ? null : [...(await heldLocks(admin, view)).values()];
  return {
    threadsRunning: running.length,
    // Each reading of the counter is itself counted.
    queriesPerSecond: Math.max(0, later - questions - 1) / ((endNs - beginNs) / 1e9),
    oldestTransactionMs: oldest(sessions.map(({ transactionMs }) => transactionMs)),
    oldestQueryMs: oldest(running.map(({ queryMs }) => queryMs)),
    temporaryTables: numberOrNull(tables?.[0]),
    userLocks: locks?.reduce((sum, one) => sum + one.userLocks.length, 0) ?? null,
    sessionsLockingTables: locks === null ? null : locking.length,
    lockingByDefinition: locking.filter(({ definesData }) => definesData).length,
    pendingParameters,
  };
}

function oldest(agesMs: readonly (number | null)[]): number | null {
  const known = agesMs.filter((ageMs) => ageMs !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function numberOrNull(value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** The checks before. */
export function checksBefore(seen: BeforePatch, limits: CheckLimits): CheckOutcome[] {
  const { pendingParameters } = seen;
  const rate = Math.round(seen.queriesPerSecond);
  return [
    {
      name: 'low traffic',
      state: rate <= limits.queriesPerSecondMax ? 'ok' : 'warning',
      detail:
        `${rate} queries/s, ${seen.threadsRunning} running now ` +
        `(low: at most ${limits.queriesPerSecondMax}/s)`,
    },
    notOlder('no long queries', 'query', seen.oldestQueryMs, limits.longRunningMs),
    notOlder('no long transactions', 'transaction', seen.oldestTransactionMs, limits.longRunningMs),
    noTemporaryTables(seen.temporaryTables),
    none('no user locks', 'user lock', seen.userLocks),
    noTableLocks(seen),
    {
      name: 'no pending parameters',
      state: pendingParameters.length === 0 ? 'ok' : 'blocked',
      detail: pendingParameters.length === 0 ? 'none' : pendingParameters.join(', '),
    },
  ];
}

function notOlder(name: string, what: string, ageMs: number | null, limitMs: number): CheckOutcome {
  if (ageMs === null) return { name, state: 'ok', detail: 'none' };
  const detail = `the oldest ${what} is ${Math.round(ageMs)} ms old (limit ${limitMs} ms)`;
  return { name, state: ageMs < limitMs ? 'ok' : 'warning', detail };
}

function none(name: string, what: string, count: number | null): CheckOutcome {
  if (count === null) return { name, state: 'warning', detail: 'this server does not show them' };
  const plural = `${what}${count === 1 ? '' : 's'}`;
  return { name, state: count === 0 ? 'ok' : 'warning', detail: `${count} ${plural}` };
}

function noTableLocks({ sessionsLockingTables, lockingByDefinition }: BeforePatch): CheckOutcome {
  const said = none('no table locks', 'table-locking session', sessionsLockingTables);
  if (lockingByDefinition === 0) return said;
  const by = `${lockingByDefinition} by running data definition`;
  return { ...said, detail: `${said.detail}, ${by}` };
}

/** The server itself has no view of those in memory, say; who has one is dropped nevertheless. */
function noTemporaryTables(count: number | null): CheckOutcome {
  const outcome = none('no temporary tables', 'temporary table', count);
  if (count === null) return outcome;
  return { ...outcome, detail: `${outcome.detail} of InnoDB; MySQL shows no others` };
}

/** What is so after the patch. */
export interface AfterPatch {
  readonly version: ServerVersion;
  /** Version of the server that was asked for. */
  readonly wantedVersion: string;
  readonly lostGlobals: readonly LostGlobal[];
}

/** The checks after. */
export function checksAfter({ version, wantedVersion, lostGlobals }: AfterPatch): CheckOutcome[] {
  const lost = lostGlobals.map(({ name, before, after }) =>
    after === null ? `${name} (was ${before}; unknown now)` : `${name} ${before} -> ${after}`,
  );
  const same = `${version.version}.`.startsWith(`${wantedVersion}.`);
  return [
    {
      name: 'version after',
      state: same ? 'ok' : 'warning',
      detail: `${version.versionText}${same ? '' : `; ${wantedVersion} was asked for`}`,
    },
    {
      name: 'globals re-initialised after',
      state: lost.length === 0 ? 'ok' : 'warning',
      detail: lost.length === 0 ? 'none was set at run time' : `set them again: ${lost.join(', ')}`,
    },
  ];
}
