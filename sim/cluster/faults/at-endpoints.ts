/** The faults of an endpoint as faults of a cluster: at the endpoint of each instance meant. */
import type { FaultKind } from '../../endpoint/faults/fault.js';
import type { ClusterFaultKind } from './fault.js';

export function atEndpoints(kind: FaultKind): ClusterFaultKind {
  const { name, what, value, takesSessions = false } = kind;
  return {
    ...{ name, what, value, takesSessions },
    meets: 'all',
    touches: 'clients',
    begin: ({ instances, sessions }, given) => {
      const faults = instances.map(({ endpoint }) => {
        const fault = kind.begin(given, sessions);
        return { fault, running: endpoint.addFault(fault) };
      });
      return {
        end: () => {
          for (const { running } of faults) running.end();
        },
        unmet: () => {
          const reasons = faults.map(({ fault }) => fault.unmet?.() ?? null);
          return reasons.every((reason) => reason !== null) ? (reasons[0] ?? null) : null;
        },
      };
    },
  };
}
