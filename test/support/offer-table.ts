/** What a provider has here, as text. */
import type { OfferTable } from '../../cli/servers/choose.js';
import type { EngineName, ProviderName } from '../../sim/server/server.js';

/** `mysql 8.0.32` as an offer of what is here. */
export function offerTable(provider: ProviderName, ...here: string[]): OfferTable {
  const offers = here.map((text) => {
    const [engine, version = ''] = text.split(' ');
    return { engine: engine as EngineName, version, from: 'somewhere', state: 'here' as const };
  });
  const fetches: EngineName[] =
    provider === 'docker' ? ['postgres', 'mysql', 'mariadb'] : ['postgres'];
  return { provider, unusable: null, offers, fetches };
}
