/** Faults of the names that clients dial: what DNS answers. */
import type { EndpointName } from '../../endpoint/endpoint-name.js';
import type { NameDisturbance } from '../../endpoint/name-answers.js';
import { UserError } from '../../user-error.js';
import type { BegunFault, ClusterFaultKind, FaultPlace } from './fault.js';

export const staleDns: ClusterFaultKind = {
  name: 'stale-dns',
  what: 'after a change the writer name is answered as before for so much longer',
  value: { unit: 'ms', example: '10s', valueMax: 3_600_000 },
  meets: 'writer-name',
  touches: 'clients',
  begin: (place, staleMs) => disturbed(place, ({ answers }) => answers.stale(staleMs)),
};

export const flappingDns: ClusterFaultKind = {
  name: 'flapping-dns',
  what: 'after a change the writer name is answered in turns as before it and as after it',
  value: { unit: 'ms', example: '200ms', valueMax: 3_600_000 },
  meets: 'writer-name',
  touches: 'clients',
  begin: (place, everyMs) => disturbed(place, ({ answers }) => answers.flap(everyMs)),
};

function disturbed(
  place: FaultPlace,
  disturb: (name: EndpointName) => NameDisturbance,
): BegunFault {
  const { target = 'writer', name, cluster } = place;
  if (target !== 'writer' && target !== 'reader')
    throw new UserError(
      'FAULT_TARGET_UNKNOWN',
      `The fault ${name} is about a name, not about "${target}".`,
      `Write ${name}/writer or ${name}/reader.`,
    );
  const met = cluster.names.filter(({ label }) => (label === 'reader') === (target === 'reader'));
  const disturbances = met.map(disturb);
  return {
    end: async () => {
      await Promise.all(disturbances.map((one) => one.end()));
    },
    unmet: () =>
      disturbances.some((one) => one.met) ? null : `the ${target} name did not change meanwhile`,
  };
}
