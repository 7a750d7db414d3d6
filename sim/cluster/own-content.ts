/** Fills a cluster's server with a database of the user's own, or finds that it was filled. */
import { randomBytes } from 'node:crypto';
import { fillDatabase } from '../database/fill.js';
import { missingError } from '../database/missing.js';
import type { Need } from '../database/needs.js';
import { contentKey, type FilledDatabase, sourceLabel } from '../database/own-database.js';
import { engineTitles, type Server, type ServerContent } from '../server/server.js';
import type { ClusterDatabase, Login, SimOptions } from '../sim.js';
import { UserError } from '../user-error.js';
import { type Member, memberOf } from './member.js';

/** The application's name on every server; its password is drawn for each. */
export const applicationLogin = { user: 'app', database: 'app' } as const;

export interface Filling {
  readonly content: ServerContent;
  /** What a started server holds of it, and the database that the application opens. */
  filled(member: Member, application: Login): Promise<{ database: FilledDatabase; opens: string }>;
}

export function fillingOf({ clock }: SimOptions, { own, tell, stop }: ClusterDatabase): Filling {
  let loadedMs: number | null = null;
  const fill = async (server: Server): Promise<void> => {
    const beginNs = clock.nowNs();
    const { engine } = server.spec;
    const sources = [own.schema, own.data].flatMap((one) => (one === null ? [] : sourceLabel(one)));
    tell(`loading ${sources.join(' and ')} into ${engineTitles[engine]} ${server.version}`);
    const member = memberOf(server);
    try {
      requireNone(server, await member.lacking(own.needs));
      const application = { ...applicationLogin, password: randomBytes(18).toString('base64url') };
      await member.createApplication(application);
      const loader = member.loader(application);
      await fillDatabase(own, { engine, clock, loader, tell, signal: stop });
      if ((await member.census(application)).tables === 0) throw empty(sources);
    } finally {
      await member.admin.disconnect();
    }
    loadedMs = Math.round((clock.nowNs() - beginNs) / 1e6);
  };
  return {
    content: { key: contentKey(own), refresh: own.refresh, fill },
    filled: async (member, application) => {
      const { tables, rows, database } = await member.census(application);
      return {
        database: { reused: loadedMs === null, tables, rows, loadedMs },
        opens: database,
      };
    },
  };
}

/** What a dump that failed leaves is an empty file, and a rehearsal on it would say nothing. */
function empty(sources: readonly string[]): UserError {
  return new UserError(
    'DATABASE_EMPTY',
    `After loading ${sources.join(' and ')} there is no table in the application's database.`,
    'Look whether the dump was written whole, and into which database it goes.',
    'environment',
  );
}

function requireNone({ spec, version }: Server, lacking: readonly Need[]): void {
  if (lacking.length > 0) throw missingError(spec.engine, version, lacking);
}
