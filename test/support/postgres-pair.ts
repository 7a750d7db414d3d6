/**
 * Two major versions of embedded Postgres. One of them does not ship with the tool: it comes from
 * the cache, or is fetched once; where neither can be, tests are skipped with a printed reason.
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

/** @returns undefined after saying why there is none; `REHEARSE_REQUIRE` may name `postgres-16` */
export async function postgresPair(clock: Clock): Promise<PostgresPair | undefined> {
  const provider = embeddedProvider({ clock });
  try {
    await provider.prepare('postgres', from);
    return { provider, from, to };
  } catch (error) {
    const why = `PostgreSQL ${from} is not here and could not be fetched: ${messageOf(error)}`;
    if ((process.env.REHEARSE_REQUIRE ?? '').split(',').includes('postgres-16'))
      throw new Error(why);
    process.stderr.write(`skipped: ${why}\n`);
    return undefined;
  }
}
