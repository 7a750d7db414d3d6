/** What stood for the database, what AWS published of it, and what its checks found. Pure. */
import type { CheckReport, DefectReport, RunReport } from '../verdict/run-report.js';
import { offsetText, plural, shortMs } from './text.js';

const titles: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
};

/** What a stand-in is, for the first line: ` on MariaDB 10.11.14 → 11.8.3 (stand-in)`. */
export function standInText({ servers, substitute, engine }: RunReport): string {
  const { served, before, after } = servers;
  if (substitute === null || served === null) return '';
  const name = titles[served.engine] ?? served.engine;
  const [from, to] = [before?.version ?? served.from, after?.version ?? served.to];
  return ` on ${name} ${stepText(engine, from, to)} (stand-in)`;
}

/** The engine asked for, as a history tells it. */
type Asked = Readonly<Record<string, unknown>> | null | undefined;

/** `17.4 → 17.5`; one version where none was to change and none has. */
export function stepText(engine: Asked, from: string, to: string): string {
  const stays = engine?.from === engine?.to && engine?.awsFrom === engine?.awsTo;
  return stays && from === to ? from : `${from} → ${to}`;
}

/** Where the servers came from and why; and whether a stand-in was accepted. */
export function serversTexts({ servers, substitute }: RunReport): string[] {
  if (servers.served === null) return [];
  const accepted =
    substitute === null
      ? []
      : [substitute.accepted ? `accepted: ${substitute.why}` : `not accepted: ${substitute.why}`];
  return [servers.served.why, ...accepted];
}

/** What the servers were filled with, where it was the user's own. */
export function databaseTexts({ notes }: RunReport): string[] {
  return notes.filter(({ code }) => code === 'database-filled').map(({ text }) => text);
}

/** What going back to the snapshot gives and loses, where that was rehearsed. */
export function rollbackTexts({ rollback, t0Ms }: RunReport): string[] {
  if (rollback === null) return [];
  const { snapshot, snapshotOffsetMs, frozenMs, cluster, restoreMs, restoredVersion } = rollback;
  const at = `${t0Ms === null ? '' : 'T0'}${offsetText(snapshotOffsetMs)}`;
  const taken =
    `snapshot ${snapshot} at ${at}; the server stood still for ${shortMs(frozenMs)}, ` +
    'which AWS does not';
  if (cluster === null) return [taken, 'nothing was restored from it'];
  return [
    lateWritesText(rollback, at),
    `new cluster ${cluster}: ${restoredVersion}, available after ${shortMs(restoreMs)} here; ` +
      'how long AWS takes is not modelled',
    taken,
  ];
}

function lateWritesText(
  { writesLost, earlierWritesLost }: NonNullable<RunReport['rollback']>,
  at: string,
): string {
  if (writesLost === null)
    return 'the restored cluster could not be read: nothing is known of the writes it lost';
  const late = `late writes lost by the rollback: ${writesLost}, acknowledged after ${at}`;
  if (earlierWritesLost === null || earlierWritesLost === 0) return late;
  return (
    `writes lost by the rollback: ${writesLost}, ${earlierWritesLost} of them acknowledged ` +
    `before the snapshot at ${at} was begun`
  );
}

/** `11 published for 8.0.mysql_aurora.3.05.2, exercised: zdp-hang`, then their names. */
export function defectsTexts({ defects, engine }: RunReport): string[] {
  if (defects.length === 0) return [];
  const exercised = defects.filter((one) => one.exercised).map(({ name }) => name);
  const version = typeof engine?.awsFrom === 'string' ? ` for ${engine.awsFrom}` : '';
  return [
    `${plural(defects.length, 'defect')} published${version}; ` +
      `exercised: ${exercised.length === 0 ? 'none' : exercised.join(', ')}`,
    defects.map(defectName).join(', '),
  ];
}

/** `zdp-hang (mended in 3.04.4, 3.12.0)`. */
function defectName({ name, fixedIn }: DefectReport): string {
  return fixedIn.length === 0 ? name : `${name} (mended in ${fixedIn.join(', ')})`;
}

/** One line of the whole list. */
export function defectText(defect: DefectReport): string {
  const exercised = defect.exercised ? 'exercised' : 'not exercised';
  return `${defectName(defect)}, ${exercised}: ${defect.what} [${defect.source}]`;
}

/** What is not well by name, then what is: `before: low traffic: blocked: …`. */
export function checksTexts({ checks, writes }: RunReport): string[] {
  const well = checks.filter(({ state }) => state === 'ok');
  const not = checks.filter(({ state }) => state !== 'ok');
  return [
    ...not.map(checkText),
    ...(well.length === 0 ? [] : [`ok: ${well.map(({ name }) => name).join(', ')}`]),
    ...(well.some(({ name }) => name === rowsCheck) ? leftOutTexts(writes) : []),
  ];
}

const rowsCheck = 'compare rows';

/** What the comparison of rows cannot see, so that "ok" says nothing of it. */
function leftOutTexts(writes: RunReport['writes']): string[] {
  const lost = writes?.lost ?? 0;
  if (lost === 0) return [];
  const what = lost === 1 ? '1 write' : `${lost} writes`;
  return [
    `not the same for all that: ${what} of the ledger, which ${rowsCheck} leaves out, ` +
      `${lost === 1 ? 'was' : 'were'} lost`,
  ];
}

/** `before, low traffic: warning: 120 queries/s`. */
export function checkText({ when, name, state, detail }: CheckReport): string {
  return `${when}, ${name}: ${state}: ${detail}`;
}
