/** What the plan's operation is started with. */
import type { ZeroDowntimePatchParameters } from '../../sim/sim.js';
import type { RunPlan } from '../plan.js';

/** @param onT0 called at the instant the operation begins to touch sessions */
export function operationParameters(
  plan: RunPlan,
  cluster: string,
  onT0: (atNs: number) => void,
): ZeroDowntimePatchParameters {
  return {
    cluster,
    engineVersion: plan.servers.to,
    awsVersion: plan.versions.awsTo,
    durations: plan.durations,
    longRunningMs: plan.longRunningMs,
    lateSessions: plan.lateSessions,
    preparedStatements: plan.preparedStatements,
    ...(plan.lastInsertId === null ? {} : { lastInsertId: plan.lastInsertId }),
    defects: plan.defects,
    onT0,
  };
}
