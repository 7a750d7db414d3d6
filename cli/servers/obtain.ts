/** Asks the providers what they have, no more of them than needed, and chooses a run's servers. */
import type { ServedServers } from '../../harness/plan.js';
import type { ProviderName } from '../../sim/server/server.js';
import type { UserError } from '../../sim/user-error.js';
import {
  type ChosenServers,
  chooseServers,
  type OfferTable,
  substituteReason,
  whyChosen,
} from './choose.js';
import type { ImageChoice } from './images.js';
import { nothingToBeHad } from './nothing-to-be-had.js';
import type { ServersRequest } from './request.js';

/** What one provider has here; never rejects for a provider that cannot be used. */
export type AskProvider = (provider: ProviderName) => Promise<OfferTable>;

export type Obtained =
  | { readonly servers: ServedServers; readonly missing?: undefined }
  | { readonly servers?: undefined; readonly missing: UserError };

/** Whether no other provider could have anything nearer to what was asked for. */
function isJustThat({ ownFrom, ownTo }: ServersRequest, { match }: ChosenServers): boolean {
  return match === 'exact' || (ownFrom !== null && ownTo !== null);
}

/**
 * Chooses the servers. Docker is not asked where embedded servers are just what was asked for.
 */
export async function obtainServers(
  request: ServersRequest,
  images: ImageChoice,
  ask: AskProvider,
): Promise<Obtained> {
  const tables: OfferTable[] = [];
  let chosen: ChosenServers | null = null;
  for (const provider of ['embedded', 'docker'] as const) {
    if (request.provider !== 'auto' && request.provider !== provider) continue;
    tables.push(await ask(provider));
    chosen = chooseServers(request, tables);
    if (chosen !== null && !chosen.fetched && isJustThat(request, chosen)) break;
  }
  if (chosen === null) return { missing: nothingToBeHad(request, tables, images.imagePrefix) };
  const { provider, engine, from, to, match } = chosen;
  const reason = substituteReason(request, chosen);
  return {
    servers: {
      provider,
      engine,
      from,
      to,
      match,
      why: whyChosen(request, chosen),
      substitute: reason === null ? null : { why: reason, accepted: request.acceptSubstitute },
      ...images,
    },
  };
}

/**
 * What was asked for, as if it were to be had: for a plan that starts nothing.
 * @param why what is in the way
 */
export function plannedOnly(
  { provider, server, asked, ownFrom, ownTo }: ServersRequest,
  images: ImageChoice,
  why: string,
): ServedServers {
  return {
    provider: provider === 'docker' ? 'docker' : 'embedded',
    engine: server,
    from: ownFrom ?? asked.from,
    to: ownTo ?? asked.to,
    match: 'exact',
    why,
    substitute: null,
    ...images,
  };
}
