/** What a run's cluster is filled with, and how that is told. */
import type { Cluster, ClusterOptions } from '../../sim/sim.js';
import { formatDuration } from '../duration.js';
import { note } from '../history/record.js';
import type { RunPlan } from '../plan.js';
import type { RunContext } from '../run.js';

type Telling = Pick<RunContext, 'plan' | 'clock' | 'record' | 'stop'>;

/** The plan's database as a cluster takes it. */
export function databaseOptions({
  plan: { database },
  clock,
  record,
  stop,
}: Telling): Pick<ClusterOptions, 'parameters' | 'userLike' | 'database'> {
  const { own, parameters, userLike } = database;
  const tell = (text: string): void => note(record, clock, 'info', 'database', text);
  return {
    userLike,
    parameters,
    ...(own === null ? {} : { database: { own, tell, stop } }),
  };
}

/** Notes what the server says it holds, in one line that the summary shows too. */
export function noteDatabase({ plan, clock, record }: Telling, { database }: Cluster): void {
  if (database === null) return;
  const { tables, rows, reused, loadedMs } = database;
  const rowsText = rows === null ? 'rows not counted (more than 5s)' : counted(rows, 'row');
  const how = reused
    ? 'kept from an earlier load'
    : `loaded in ${formatDuration(loadedMs ?? 0)} and kept`;
  const text = `${counted(tables, 'table')}, ${rowsText}, from ${sourcesText(plan)}; ${how}`;
  note(record, clock, 'info', 'database-filled', text);
}

function sourcesText({ database: { settings } }: RunPlan): string {
  const named = [settings.schema, settings.data].filter((one) => one !== undefined);
  return named.join(' and ');
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}
