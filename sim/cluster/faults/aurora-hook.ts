/**
 * Aurora's fault injection SQL does on the endpoints of a cluster what AWS says that it does. AWS
 * wants the master user for it: here the application's user where it is like one
 * (`--user-like rds-master`). Everybody else's statement is the server's, which knows none of it.
 */
import type { StatementHook, StatementRuling } from '../../endpoint/statement-hook.js';
import type { UserLike } from '../../engine/user-like.js';
import { messageOf } from '../../user-error.js';
import type { ClusterRecord } from '../cluster.js';
import type { Instance } from '../instance.js';
import { type AuroraFault, readAlterSystem, readFunctionCall } from './aurora-sql.js';
import type { ClusterFaultKind } from './fault.js';
import { partition } from './replication.js';
import { slowDisk } from './slow-disk.js';

/** Lets an Aurora cluster whose application is a master user understand it. */
export function understandFaultSql(cluster: ClusterRecord, userLike: UserLike | undefined): void {
  if (!cluster.engine.startsWith('aurora-') || userLike !== 'rds-master') return;
  const hookFor = cluster.server === 'postgres' ? postgresHook : mysqlHook;
  for (const instance of cluster.instances) instance.endpoint.addHook(hookFor(cluster, instance));
}

const comQuery = 0x03;
/** As the first letter of ALTER, in lower case. */
const letterA = 0x61;
const blank = 0x20;

function mysqlHook(cluster: ClusterRecord, instance: Instance): StatementHook {
  return {
    mayMatter: (chunk) => {
      const next = chunk[5] ?? 0;
      return chunk[4] === comQuery && ((next | 0x20) === letterA || next <= blank);
    },
    onStatement: (sql, stage, { owner }) => {
      if (stage !== 'run' || owner.user !== cluster.application.user) return 'pass';
      const fault = readAlterSystem(sql);
      if (fault === undefined || !begin(cluster, instance, fault, sql)) return 'pass';
      return fault.kind === 'crash' ? 'never-answered' : { answer: 'ok' };
    },
  };
}

/** No fault's statement is longer. */
const statementBytesMax = 1_024;
const functionNames = ['aurora_inject_', 'AURORA_INJECT_'];

function postgresHook(cluster: ClusterRecord, instance: Instance): StatementHook {
  return {
    mayMatter: (chunk) =>
      chunk.length <= statementBytesMax && functionNames.some((name) => chunk.includes(name)),
    onStatement: (sql, _stage, { owner }): StatementRuling => {
      if (owner.user !== cluster.application.user) return 'pass';
      const fault = readFunctionCall(sql);
      if (fault === undefined || !begin(cluster, instance, fault, sql)) return 'pass';
      if (fault.kind === 'crash') return 'never-answered';
      // A value of the type `void`, under the name of the function: the server knows the rest.
      const name = `aurora_inject_${fault.kind.replaceAll('-', '_')}`;
      return { instead: `SELECT pg_catalog.pg_sleep(0) AS ${name}` };
    },
  };
}

/** @returns false where it cannot be done: the statement is the server's then */
function begin(
  cluster: ClusterRecord,
  instance: Instance,
  fault: AuroraFault,
  sql: string,
): boolean {
  try {
    const approximation = beginOf(cluster, instance, fault);
    const text = `${sql.trim().slice(0, 200)} at ${instance.identifier}: ${approximation}`;
    cluster.note('info', 'aurora-fault-sql', text);
    return true;
  } catch (error) {
    cluster.note('warning', 'aurora-fault-sql', `${sql.trim().slice(0, 200)}: ${messageOf(error)}`);
    return false;
  }
}

/** @returns how what is done here differs from what AWS documents */
function beginOf(cluster: ClusterRecord, instance: Instance, fault: AuroraFault): string {
  const { faults, server } = cluster;
  const target = instance.identifier;
  switch (fault.kind) {
    case 'crash':
      faults.inject({ name: 'crash', target });
      return `the real ${server} crashes and comes back, no failover follows; ${crashOf(fault.of)}`;
    case 'replica-failure': {
      const kind = lasting(cluster, partition, fault.durationMs);
      const to = fault.replica === null ? {} : { target: fault.replica };
      faults.begin(kind, { value: fault.share, ...to });
      return 'nothing is shipped to it meanwhile; a share is so much of each second';
    }
    case 'disk-failure': {
      const share = { ...fault, minMs: retryMs, maxMs: retryMs };
      faults.begin(lasting(cluster, slowDisk(share), fault.durationMs), { target });
      return `approximate: so many answers come ${retryMs} ms later, a length that is assumed`;
    }
    case 'disk-congestion':
      faults.begin(lasting(cluster, slowDisk(fault), fault.durationMs), { target });
      return 'approximate: so many answers come so much later, whatever they needed of a disk';
  }
}

/** AWS documents nothing that clients feel of a failed disk: its storage reads another copy. */
const retryMs = 100;

function crashOf(what: string): string {
  return what === 'instance' ? 'as AWS says it' : `approximate: here a ${what} is the server`;
}

/** The same fault, for so long. */
function lasting(
  { clock }: ClusterRecord,
  kind: ClusterFaultKind,
  durationMs: number,
): ClusterFaultKind {
  return {
    ...kind,
    begin: (place, value) => ({
      ...kind.begin(place, value),
      done: clock.sleep(durationMs, place.ended).catch(() => {}),
    }),
  };
}
