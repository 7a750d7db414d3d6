/** What operations are started with: the plan's part of it, and the scenario's settings. */
import type { OperationBasics, OperationName, OperationParameters } from '../../sim/sim.js';
import type { PatchChoices, RunPlan } from '../plan.js';
import type { OperationSettings } from '../scenario.js';

/** What a builder puts together. */
interface Parts<O extends OperationName> {
  readonly plan: RunPlan;
  readonly basics: OperationBasics;
  readonly settings: OperationSettings<O>;
}

/**
 * One line for each operation. One that changes no version and takes nothing of the plan is
 * `({ basics, settings }) => ({ ...basics, ...settings })`.
 */
const builders: { readonly [O in OperationName]: (parts: Parts<O>) => OperationParameters[O] } = {
  'modify-parameter-group': ({ basics, settings }) => ({ ...basics, ...settings }),
  'associate-parameter-group': ({ basics, settings }) => ({ ...basics, ...settings }),
  'create-parameter-group': ({ basics, settings }) => ({ ...basics, ...settings }),
  'create-read-replica': ({ basics, settings }) => ({ ...basics, ...settings }),
  'wait-for-replica': ({ basics, settings }) => ({ ...basics, ...settings }),
  'promote-read-replica': ({ basics }) => basics,
  'delete-instance': ({ basics }) => basics,
  repoint: ({ basics, settings }) => ({ ...basics, ...settings }),
  'zero-downtime-patch': ({ plan, basics }) => ({
    ...basics,
    ...versionAfter(plan),
    ...patchOf(plan),
    defects: plan.defects,
  }),
  'upgrade-in-place': ({ plan, basics, settings }) => ({
    ...basics,
    ...versionAfter(plan),
    ...settings,
  }),
  'global-upgrade': ({ plan, basics }) => ({
    ...basics,
    ...versionAfter(plan),
    ...patchOf(plan),
    defects: plan.defects,
  }),
  failover: ({ basics, settings }) => ({ ...basics, ...settings }),
  reboot: ({ basics, settings }) => ({ ...basics, ...settings }),
  'create-blue-green-deployment': ({ plan, basics }) => ({ ...basics, ...versionAfter(plan) }),
  'switch-over-blue-green-deployment': ({ basics, settings }) => ({ ...basics, ...settings }),
  'create-green': ({ plan, basics, settings }) => ({
    ...basics,
    ...versionAfter(plan),
    ...settings,
  }),
  'shift-reads': ({ basics, settings }) => ({ ...basics, ...settings }),
  'switch-by-dns': ({ basics, settings }) => ({ ...basics, ...settings }),
  'delete-blue-green-deployment': ({ basics, settings }) => ({ ...basics, ...settings }),
  'stop-switchover': ({ basics }) => basics,
};

/** The version to go to, of an operation that changes it. */
function versionAfter({ servers, versions }: RunPlan): {
  readonly engineVersion: string;
  readonly awsVersion: string;
} {
  return { engineVersion: servers.to, awsVersion: versions.awsTo };
}

function patchOf({ patch }: RunPlan): Omit<PatchChoices, 'lastInsertId'> & {
  readonly lastInsertId?: 'survive' | 'lost';
} {
  if (patch === null) throw new Error('the plan has no choices of a zero-downtime patch');
  const { lastInsertId, ...choices } = patch;
  return lastInsertId === null ? choices : { ...choices, lastInsertId };
}

/**
 * @param cluster the identifier of the cluster that it is for
 * @param onT0 called at the instant the operation begins to touch what clients use
 */
export function operationParameters<O extends OperationName>(
  plan: RunPlan,
  { operation, settings }: { readonly operation: O; readonly settings?: OperationSettings<O> },
  cluster: string,
  onT0: (atNs: number) => void,
): OperationParameters[O] {
  const basics = { cluster, durations: plan.durations, onT0 };
  return builders[operation]({ plan, basics, settings: settings ?? ({} as OperationSettings<O>) });
}
