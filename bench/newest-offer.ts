/** What of a provider's offers a benchmark runs on. Pure. */
import type { EngineName, EngineOffer } from '../sim/server/server.js';
import { compareServerVersions, isServerVersion } from '../sim/server/versions/server-version.js';

/** The newest version that nothing need be fetched for; undefined where there is none. */
export function newestOffer(
  offers: readonly EngineOffer[],
  engine: EngineName,
): string | undefined {
  return offers
    .filter((offer) => offer.engine === engine && offer.state === 'here')
    .map(({ version }) => version)
    .filter((version) => isServerVersion(engine, version))
    .sort((a, b) => compareServerVersions(engine, a, b))
    .at(-1);
}
