/** The plan of `rehearse run`: its options checked, its servers chosen from what there is. */
import type { RunPlan } from '../harness/plan.js';
import type { Scenario } from '../harness/scenario.js';
import { parseObjective } from '../harness/verdict/objective.js';
import { UserError } from '../sim/user-error.js';
import type { CommandContext } from './context.js';
import { plannedDatabase } from './database/options.js';
import { planFromOptions, type RunOptions } from './run-options.js';
import { scenarioForEngine } from './scenario-engine.js';
import { imageOptions } from './servers/images.js';
import { obtainServers, plannedOnly } from './servers/obtain.js';
import { askProvider } from './servers/providers.js';
import { serversRequest } from './servers/request.js';

/**
 * Checks every option, then asks for servers. A dry run whose servers are not to be had is
 * planned all the same, and says so.
 * @throws UserError with the option's own code, or `ENGINE_NOT_FOUND`
 */
export async function makePlan(
  found: Scenario,
  options: RunOptions,
  context: CommandContext,
): Promise<RunPlan> {
  const { scenario, server } = scenarioForEngine(found, options.engine);
  const { clock, env } = context;
  const prefix = env.REHEARSE_IMAGE_PREFIX;
  const images = imageOptions(options.image ?? [], options.imagePrefix, prefix);
  const request = serversRequest(scenario, { ...options, engine: server }, images.images);
  const { asked } = request;
  const draft = planFromOptions(scenario, options, asked, plannedOnly(request, images, ''));
  for (const objective of draft.objectives) parseObjective(objective);
  const seeded = { ...options, seed: draft.seed };
  const database = await plannedDatabase(options, request.server, context);
  const { servers, missing } = await obtainServers(request, images, askProvider(clock, images));
  if (servers === undefined && options.dryRun !== true) throw withOthers(missing, scenario);
  const why = `none: ${missing?.what ?? ''}`;
  const served = servers ?? plannedOnly(request, images, why);
  return planFromOptions(scenario, seeded, asked, served, database);
}

/** A rehearsal that exists for several engines may be had with another one. */
function withOthers({ code, what, todo, exit }: UserError, { otherEngines }: Scenario): UserError {
  const others = (otherEngines ?? []).map(({ engine }) => `--engine ${engine}`);
  if (code !== 'ENGINE_NOT_FOUND' || others.length === 0)
    return new UserError(code, what, todo, exit);
  const also = `This rehearsal exists for other engines too: ${others.join(', ')}.`;
  return new UserError(code, what, `${todo} ${also}`, exit);
}
