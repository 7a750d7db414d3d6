/** Real Postgres servers as child processes, without Docker. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../../clock.js';
import { UserError } from '../../user-error.js';
import type { EngineName, EngineOffer, Server, ServerProvider, ServerSpec } from '../server.js';
import { communityVersion } from '../versions.js';
import { type Account, serverAccount } from './account.js';
import { EmbeddedServer } from './embedded-server.js';
import { Guard } from './guard.js';
import { defaultCacheDir, openPlaces, type Places, placesIn } from './places.js';
import { type Engine, listEngines, obtainEngine, runnableFolder } from './postgres/binaries.js';
import { npmCommand } from './postgres/npm-client.js';
import { parameterFile } from './postgres/parameters.js';
import { currentPlatform, type Platform } from './postgres/platform.js';
import { randomSecret } from './postgres/scram-verifier.js';
import { adminUser, copyTemplate, obtainTemplate, type Template } from './postgres/template.js';
import { ServerLog } from './server-log.js';

export interface EmbeddedOptions {
  readonly clock: Clock;
  /** Default: `defaultCacheDir()`. */
  readonly cacheDir?: string;
  /** Folder of an offline bundle. Default: `REHEARSE_ENGINES_DIR`. */
  readonly enginesDir?: string;
  /** True forbids every download. */
  readonly offline?: boolean;
  /** Told, in one sentence, before anything is downloaded. */
  readonly announce?: (text: string) => void;
  /** Server parameters for every server; a spec's own come over them. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** How to call npm. Default: the npm that runs this tool, else the one on PATH. */
  readonly npm?: readonly string[];
}

/** A version whose binaries are ready to run. */
interface ReadyEngine {
  readonly engine: Engine;
  readonly folder: string;
}

/**
 * The provider of embedded servers.
 * @throws UserError `PLATFORM_UNSUPPORTED`, `SERVER_ACCOUNT_MISSING`, `CACHE_UNUSABLE`
 */
export function embeddedProvider(options: EmbeddedOptions): EmbeddedProvider {
  return new EmbeddedProvider(options);
}

/**
 * The versions that are on this machine, for people to see.
 * @throws UserError `PLATFORM_UNSUPPORTED`
 */
export function engineList(cacheDir: string = defaultCacheDir()): Engine[] {
  return listEngines(currentPlatform(), placesIn(cacheDir));
}

export class EmbeddedProvider implements ServerProvider {
  readonly name = 'embedded';
  readonly #options: EmbeddedOptions;
  readonly #platform: Platform;
  readonly #account: Account | undefined;
  readonly #places: Places;
  readonly #engines = new Map<string, Promise<ReadyEngine>>();
  readonly #templates = new Map<string, Promise<Template>>();
  readonly #servers = new Set<EmbeddedServer>();

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.#platform = currentPlatform();
    this.#account = serverAccount();
    this.#places = openPlaces(resolve(options.cacheDir ?? defaultCacheDir()), this.#account);
  }

  async prepare(_engine: EngineName, version: string): Promise<void> {
    await this.#engine(communityVersion(version));
  }

  async offers(): Promise<readonly EngineOffer[]> {
    return listEngines(this.#platform, this.#places).map(({ version, folder }) => ({
      engine: 'postgres',
      version,
      from: folder,
      state: 'here',
    }));
  }

  async create(spec: ServerSpec): Promise<Server> {
    requireName(spec.name);
    const version = communityVersion(spec.version);
    const parameters = parameterFile({ ...this.#options.parameters, ...spec.parameters });
    const template = await this.#template(version);
    const { clock } = this.#options;
    const id = `${spec.name.toLowerCase()}-${randomBytes(6).toString('hex')}`;
    const folder = join(this.#places.servers, id);
    this.#makeFolder(folder, parameters);
    const guard = new Guard(folder, this.#account);
    const server = new EmbeddedServer({
      id,
      spec: { ...spec, version },
      admin: { user: adminUser, password: randomSecret(), database: 'postgres' },
      templateSecret: template.secret,
      folder,
      places: this.#places,
      account: this.#account,
      clock,
      guard,
      log: new ServerLog(join(folder, 'server.log'), clock),
      binaries: async (wanted) => (await this.#engine(communityVersion(wanted))).folder,
      onRemoved: () => this.#servers.delete(server),
    });
    this.#servers.add(server);
    try {
      const data = join(folder, 'data');
      await Promise.all([server.open(), copyTemplate(clock, template, data, this.#account)]);
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** Removes every server that was made here and is still there. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#servers].map((server) => server.remove()));
  }

  #engine(version: string): Promise<ReadyEngine> {
    return once(this.#engines, version, async () => {
      const { clock, enginesDir, offline, announce, npm } = this.#options;
      const engine = await obtainEngine(version, {
        platform: this.#platform,
        places: this.#places,
        bundle: enginesDir ?? process.env.REHEARSE_ENGINES_DIR,
        offline: offline ?? false,
        fetch: { clock, npm: npm ?? npmCommand(), announce: announce ?? (() => undefined) },
      });
      return { engine, folder: await runnableFolder(engine, this.#places, this.#account) };
    });
  }

  #template(version: string): Promise<Template> {
    return once(this.#templates, version, async () => {
      const { engine, folder } = await this.#engine(version);
      return obtainTemplate({
        clock: this.#options.clock,
        folder,
        packageVersion: engine.packageVersion,
        templates: this.#places.templates,
        account: this.#account,
      });
    });
  }

  /** The server's folder, owned by the servers' account, with all that it needs but its data. */
  #makeFolder(folder: string, parameters: string): void {
    const file = join(folder, 'parameters.conf');
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
    writeFileSync(file, parameters, { mode: 0o600, flag: 'wx' });
    if (this.#account === undefined) return;
    const { uid, gid } = this.#account;
    chownSync(file, uid, gid);
    chownSync(folder, uid, gid);
  }
}

/** One attempt for all who ask at the same time; a failed one is forgotten. */
function once<T>(
  attempts: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const known = attempts.get(key);
  if (known !== undefined) return known;
  const attempt = make();
  attempts.set(key, attempt);
  attempt.catch(() => attempts.delete(key));
  return attempt;
}

function requireName(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,40}$/i.test(name)) return;
  throw new UserError(
    'SERVER_NAME_INVALID',
    `${JSON.stringify(name.slice(0, 60))} cannot be the name of a server.`,
    'Use letters, digits and dashes, at most 41 of them.',
  );
}
