/**
 * ModifyDBParameterGroup: dynamic values take effect on the instances of the group without a
 * reboot, after a while that AWS does not tell; static ones wait for one
 * (AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html).
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import type { AwsFault } from '../../sim.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { OperationFailed } from '../job.js';
import { clusterNotFound, clusterOf, type Operation, type World } from '../operation.js';
import * as say from './messages.js';
import type { ModifyParameterGroupParameters } from './parameters.js';
import { becomeReadOnly, isReadOnlySwitch, refusesWrites } from './read-only.js';

/** So many can be changed by one call, as the page says. */
const parametersMax = 20;

export const modifyParameterGroup: Operation<ModifyParameterGroupParameters> = {
  call: ({ cluster, group, parameters }) => ({
    cluster,
    action: 'ModifyDBParameterGroup',
    parameters: {
      DBParameterGroupName: group,
      Parameters: parameters.map(({ name, value, applyMethod }) => ({
        ParameterName: name,
        ParameterValue: value,
        ApplyMethod: applyMethod,
      })),
    },
  }),
  refuse: ({ clusters, parameterGroups }, { cluster, group, parameters }) => {
    if (!clusters.has(cluster)) return clusterNotFound(cluster);
    if (!parameterGroups.has(group)) return groupNotFound(group);
    if (parameters.length > 0 && parameters.length <= parametersMax) return null;
    return {
      code: 'InvalidParameterValue',
      message: `Between 1 and ${parametersMax} parameters can be modified in one request.`,
    };
  },
  run: async (world, asked, signal) => {
    const users = instancesOf(world, asked.group);
    const kinds = await kindsOf(world, asked, users[0]);
    const { clock } = world;
    asked.onT0?.(clock.nowNs());
    const dynamic = asked.parameters.filter(
      ({ name, applyMethod }) => applyMethod === 'immediate' && kinds.get(name) === 'dynamic',
    );
    const group = world.parameterGroups.get(asked.group);
    for (const { name, value } of asked.parameters) group?.values.set(name, value);
    for (const { parameters } of users) parameters.status = 'applying';
    if (dynamic.length > 0) await clock.sleep(untilApplied(asked), signal).catch(() => {});
    const failures: string[] = [];
    for (const instance of users) {
      const failure = await apply(world, instance, asked, dynamic);
      if (failure !== undefined) failures.push(failure);
    }
    const cluster = clusterOf(world, asked.cluster);
    for (const { name, value, applyMethod } of asked.parameters)
      cluster.tell(say.updated(name, value, applyMethod));
    cluster.tell(say.finishedUpdating);
    if (failures.length > 0) throw new OperationFailed(failures.join(' '));
  },
};

type Change = ModifyParameterGroupParameters['parameters'][number];

/** Who could not write all the while waits for the end of that, too: it is never compressed. */
function untilApplied({ durations, parameters }: ModifyParameterGroupParameters): number {
  const lifts = parameters.some((one) => isReadOnlySwitch(one) && !refusesWrites(one));
  return drawn(durations, lifts ? 'parameters.apply.liftMs' : 'parameters.apply.applyMs');
}

/** @returns why a value did not take effect */
async function apply(
  world: World,
  instance: Instance,
  { parameters: all, openTransactions }: ModifyParameterGroupParameters,
  dynamic: readonly Change[],
): Promise<string | undefined> {
  const { parameters, member, identifier } = instance;
  for (const change of all)
    if (!dynamic.includes(change)) parameters.hold(change.name, change.value);
  try {
    for (const change of dynamic) {
      const cluster = refusesWrites(change) ? takesWrites(world, instance) : undefined;
      if (cluster === undefined) await member.parameters.set(change.name, change.value);
      else await becomeReadOnly(world.clock, cluster, instance, change, openTransactions);
      if (isReadOnlySwitch(change))
        instance.tellWrites(refusesWrites(change) ? 'refused' : 'allowed');
    }
  } catch (error) {
    parameters.status = 'failed-to-apply';
    return `${identifier} did not take a value: ${messageOf(error)}`;
  }
  parameters.status = parameters.pending.length > 0 ? 'pending-reboot' : 'in-sync';
  return undefined;
}

/** The cluster of an instance that clients write on; undefined for one that follows another. */
function takesWrites({ clusters }: World, instance: Instance): ClusterRecord | undefined {
  if (instance.role !== 'writer') return undefined;
  const cluster = [...clusters.values()].find(({ instances }) => instances.includes(instance));
  return cluster?.followers.sourceOf(instance) === undefined ? cluster : undefined;
}

/** What can change without a reboot is asked of a server that uses the group. */
async function kindsOf(
  { clusters }: World,
  { cluster, parameters }: ModifyParameterGroupParameters,
  user: Instance | undefined,
): Promise<ReadonlyMap<string, string>> {
  const asked = user ?? clusters.get(cluster)?.mainInstance;
  const kinds = new Map<string, string>();
  for (const { name, applyMethod } of parameters) {
    const kind = (await asked?.member.parameters.kind(name)) ?? 'unknown';
    if (kind === 'unknown') throw new OperationFailed(`there is no parameter ${name} to modify`);
    if (kind === 'static' && applyMethod === 'immediate')
      throw new OperationFailed(`the static parameter ${name} cannot be applied immediately`);
    kinds.set(name, kind);
  }
  return kinds;
}

function instancesOf({ clusters }: World, group: string): Instance[] {
  const all = [...clusters.values()].flatMap(({ instances }) => instances);
  return all.filter(({ parameters }) => parameters.group.name === group);
}

export function groupNotFound(group: string): AwsFault {
  return { code: 'DBParameterGroupNotFound', message: `DBParameterGroup ${group} not found.` };
}
