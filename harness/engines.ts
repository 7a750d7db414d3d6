/** The engines that a scenario exists for, and what it is for one of them. Pure. */
import type { ClusterEngine } from '../sim/sim.js';
import type { OtherEngine, Scenario } from './scenario.js';

/** All of them, the default first. */
export function enginesOf({ engine, otherEngines = [] }: Scenario): ClusterEngine[] {
  return [engine, ...otherEngines.map((other) => other.engine)];
}

/** @param engine one of those that the scenario exists for */
export function ofEngine(scenario: Scenario, engine: ClusterEngine): Scenario {
  const { otherEngines = [] } = scenario;
  const other = otherEngines.find((one) => one.engine === engine);
  if (other === undefined) return scenario;
  const rest = otherEngines.filter((one) => one !== other);
  return { ...scenario, ...other, otherEngines: [asOther(scenario), ...rest] };
}

function asOther(scenario: Scenario): OtherEngine {
  const { engine, versions, timingProfiles, phases, topology, objectives } = scenario;
  const { switches, defects, parts } = scenario;
  return {
    ...{ engine, versions, timingProfiles, phases, objectives, switches, defects, parts },
    ...(topology === undefined ? {} : { topology }),
  };
}

/** The scenario for each of its engines. */
export function forEachEngine(scenario: Scenario): Scenario[] {
  return enginesOf(scenario).map((engine) => ofEngine(scenario, engine));
}

/** `17.4 -> 17.5`; one version where nothing changes it. */
export function versionsTitle({
  upgrade,
  versions,
}: Pick<Scenario, 'upgrade' | 'versions'>): string {
  const { from, to } = versions;
  return upgrade === 'none' ? from : `${from} -> ${to}`;
}
