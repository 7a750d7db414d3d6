/** What is needed is asked of a provider before it starts anything. */
import type { EngineName, ServerProvider } from '../server/server.js';
import { missingError } from './missing.js';
import type { Need } from './needs.js';

/**
 * Refuses a version that surely lacks what is needed, before a server is started.
 * @throws UserError `EXTENSION_MISSING`, `PLUGIN_MISSING`
 */
export async function requireOffered(
  provider: ServerProvider,
  engine: EngineName,
  version: string,
  needs: readonly Need[],
): Promise<void> {
  const lacking = await provider.lacking(engine, version, needs);
  if (lacking.length > 0) throw missingError(engine, version, lacking);
}
