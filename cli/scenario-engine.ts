/** A scenario for the engine that `--engine` names, of those that it exists for. */
import { enginesOf, ofEngine } from '../harness/engines.js';
import type { Scenario } from '../harness/scenario.js';
import { type EngineName, engineNames } from '../sim/server/server.js';
import { communityEngines } from '../sim/server/versions.js';
import type { ClusterEngine } from '../sim/sim.js';
import { UserError } from '../sim/user-error.js';
import { suitedServers } from './servers/request.js';

/** What `--engine` takes: an engine as AWS names it, or a server that stands for one. */
export type EngineOption = ClusterEngine | EngineName;

export interface ScenarioForEngine {
  readonly scenario: Scenario;
  /** The server that the user named; undefined where it was none. */
  readonly server: EngineName | undefined;
}

/**
 * What AWS names goes before a server's own name: `mariadb` is RDS for MariaDB where the scenario
 * exists for it, else a server that stands for another engine.
 * @throws UserError `ENGINE_UNSUITED` for an engine of AWS that the scenario does not exist for
 */
export function scenarioForEngine(
  scenario: Scenario,
  option: EngineOption | undefined,
): ScenarioForEngine {
  if (option === undefined) return { scenario, server: undefined };
  const engines = enginesOf(scenario);
  const server = engineNames.find((name) => name === option);
  const engine =
    engines.find((one) => one === option) ??
    engines.find((one) => communityEngines[one] === server) ??
    engines.find((one) => server !== undefined && suitedServers[one].includes(server));
  if (engine !== undefined) return { scenario: ofEngine(scenario, engine), server };
  if (server !== undefined) return { scenario, server };
  throw new UserError(
    'ENGINE_UNSUITED',
    `There is no ${scenario.name} for ${option}.`,
    `Give --engine ${engines.join(' or ')}, or leave it out.`,
  );
}
