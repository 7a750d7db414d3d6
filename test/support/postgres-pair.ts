/**
 * Two major versions of embedded Postgres. One of them does not ship with the tool: it comes from
 * the cache, and is fetched only where `REHEARSE_REQUIRE` names `postgres-16`; else tests without
 * it are skipped with a printed reason.
 */
import type { Clock } from '../../sim/clock.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { ServerProvider } from '../../sim/server/server.js';
import { messageOf } from '../../sim/user-error.js';

export interface PostgresPair {
  readonly provider: ServerProvider;
  readonly from: string;
  readonly to: string;
}

/** The older version is one that is published for every platform. */
const from = '16.14';
const to = '17.5';

/** @returns undefined after saying why there is none */
export async function postgresPair(clock: Clock): Promise<PostgresPair | undefined> {
  const isRequired = (process.env.REHEARSE_REQUIRE ?? '').split(',').includes('postgres-16');
  const provider = embeddedProvider({ clock, offline: !isRequired });
  try {
    await provider.prepare('postgres', from);
    return { provider, from, to };
  } catch (error) {
    if (isRequired) throw error;
    const how = `rehearse fetch postgres@${from}, or REHEARSE_REQUIRE=postgres-16`;
    process.stderr.write(`skipped: PostgreSQL ${from} is not here (${how}): ${messageOf(error)}\n`);
    return undefined;
  }
}
