/** Real servers as child processes, without Docker. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../../clock.js';
import type { Need } from '../../database/needs.js';
import type {
  EngineName,
  EngineOffer,
  Server,
  ServerProvider,
  ServerSnapshot,
  ServerSpec,
} from '../server.js';
import { requireName } from '../server-name.js';
import { serverAccount } from './account.js';
import { EmbeddedServer } from './embedded-server.js';
import type { EmbeddedEngine, EngineContext, ServerRecipe } from './engine.js';
import { obtainFilledTemplate, type Unfilled } from './filled-templates.js';
import { Guard } from './guard.js';
import { MysqlEngine } from './mysql/engine.js';
import { defaultCacheDir, openPlaces } from './places.js';
import { PostgresEngine } from './postgres/engine.js';
import { ServerLog } from './server-log.js';
import { copyTemplate } from './template-folder.js';

/** A filled one may hold gigabytes. */
const copyTimeoutMs = 600_000;

export interface EmbeddedOptions {
  readonly clock: Clock;
  /** Default: `defaultCacheDir()`. */
  readonly cacheDir?: string;
  /** Folder of an offline bundle of Postgres. Default: `REHEARSE_ENGINES_DIR`. */
  readonly enginesDir?: string;
  /** True forbids every download. */
  readonly offline?: boolean;
  /** Told, in one sentence, before anything is downloaded and of what could not be done. */
  readonly announce?: (text: string) => void;
  /** Server parameters for every server; a spec's own come over them. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** How to call npm. Default: the npm that runs this tool, else the one on PATH. */
  readonly npm?: readonly string[];
}

/**
 * The provider of embedded servers.
 * @throws UserError `SERVER_ACCOUNT_MISSING`, `CACHE_UNUSABLE`
 */
export function embeddedProvider(options: EmbeddedOptions): EmbeddedProvider {
  return new EmbeddedProvider(options);
}

export class EmbeddedProvider implements ServerProvider {
  readonly name = 'embedded';
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #context: EngineContext;
  readonly #engines: Readonly<Record<EngineName, EmbeddedEngine>>;
  readonly #servers = new Set<EmbeddedServer>();

  constructor(options: EmbeddedOptions) {
    const account = serverAccount();
    this.#parameters = options.parameters ?? {};
    this.#context = {
      clock: options.clock,
      places: openPlaces(resolve(options.cacheDir ?? defaultCacheDir()), account),
      account,
      announce: options.announce ?? (() => undefined),
    };
    this.#engines = {
      postgres: new PostgresEngine(this.#context, options),
      mysql: new MysqlEngine('mysql', this.#context),
      mariadb: new MysqlEngine('mariadb', this.#context),
    };
  }

  async prepare(engine: EngineName, version: string): Promise<void> {
    await this.#engines[engine].prepare(version);
  }

  async offers(): Promise<readonly EngineOffer[]> {
    const { postgres, mysql, mariadb } = this.#engines;
    return (await Promise.all([postgres, mysql, mariadb].map((one) => one.offers()))).flat();
  }

  async lacking(
    engine: EngineName,
    version: string,
    needs: readonly Need[],
  ): Promise<readonly Need[]> {
    return needs.length === 0 ? [] : this.#engines[engine].lacking(version, needs);
  }

  async create(spec: ServerSpec): Promise<Server> {
    requireName(spec.name);
    const { content, ...plain } = spec;
    const wanted = { ...plain, parameters: { ...this.#parameters, ...spec.parameters } };
    if (content === undefined) return (await this.#make(wanted)).server;
    const filled = await obtainFilledTemplate(this.#context, {
      content,
      recipe: await this.#engines[spec.engine].recipe(wanted, 'unfilled', 'unfilled'),
      make: () => this.#make(wanted),
    });
    return (await this.#make(wanted, filled)).server;
  }

  async restore(
    snapshot: ServerSnapshot,
    name: string,
    parameters: ServerSpec['parameters'] = {},
  ): Promise<Server> {
    requireName(name);
    const { spec, place } = snapshot;
    const all = { ...spec.parameters, ...parameters };
    return (await this.#make({ ...spec, name, parameters: all }, place)).server;
  }

  async hostFor(): Promise<string> {
    return '127.0.0.1';
  }

  /** @param filled the folder of a template to begin with in place of the engine's own */
  async #make(spec: ServerSpec, filled?: string): Promise<Unfilled> {
    const id = `${spec.name.toLowerCase()}-${randomBytes(6).toString('hex')}`;
    const folder = join(this.#context.places.servers, id);
    const recipe = await this.#engines[spec.engine].recipe(spec, id, folder, filled);
    this.#makeFolder(folder, recipe);
    const server = new EmbeddedServer({
      id,
      context: this.#context,
      recipe,
      folder,
      guard: new Guard(folder, this.#context.account, recipe.lastSignal),
      log: new ServerLog(join(folder, 'server.log'), this.#context.clock),
      onRemoved: () => this.#servers.delete(server),
    });
    this.#servers.add(server);
    try {
      const data = join(folder, 'data');
      await Promise.all([
        server.open(),
        copyTemplate(this.#context, spec.engine, recipe.template, data, copyTimeoutMs),
      ]);
    } catch (error) {
      await server.remove();
      throw error;
    }
    return { server, folder, recipe };
  }

  /** Removes every server that was made here and is still there. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#servers].map((server) => server.remove()));
  }

  /** The server's folder, owned by the servers' account, with all that it needs but its data. */
  #makeFolder(folder: string, { files, folders }: ServerRecipe): void {
    const made = [folder];
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
    for (const name of folders) {
      made.unshift(join(folder, name));
      mkdirSync(join(folder, name), { mode: 0o700 });
    }
    for (const [name, text] of Object.entries(files)) {
      made.unshift(join(folder, name));
      writeFileSync(join(folder, name), text, { mode: 0o600, flag: 'wx' });
    }
    const { account } = this.#context;
    if (account === undefined) return;
    for (const path of made) chownSync(path, account.uid, account.gid);
  }
}
