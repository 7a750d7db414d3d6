/** PostgreSQL from the binaries packages. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Need } from '../../../database/needs.js';
import { UserError } from '../../../user-error.js';
import type { AdminLogin, EngineOffer, ServerSpec } from '../../server.js';
import { communityVersion, parseVersion } from '../../versions.js';
import type { EmbeddedEngine, EngineContext, ServerRecipe } from '../engine.js';
import { once } from '../once.js';
import { lookUpProcess, signalProcess } from '../process-table.js';
import { randomSecret } from '../random-secret.js';
import type { ServerProcess } from '../server-process.js';
import { replaceSecret } from './admin-secret.js';
import { type Engine, listEngines, obtainEngine, runnableFolder } from './binaries.js';
import { freeKernelMemory } from './kernel-memory.js';
import { npmCommand } from './npm-client.js';
import { extensionFile, hasLibrary, postgresProgram } from './package-folder.js';
import { parameterFile, wantedParameters } from './parameters.js';
import { currentPlatform, type Platform } from './platform.js';
import { saysReady, takesLogins } from './readiness.js';
import { adminUser, obtainTemplate, secretFile, type Template, templateIn } from './template.js';

/** Where binaries may come from. */
export interface PostgresSources {
  /** Folder of an offline bundle. Default: `REHEARSE_ENGINES_DIR`. */
  readonly enginesDir?: string;
  /** True forbids every download. */
  readonly offline?: boolean;
  /** How to call npm. Default: the npm that runs this tool, else the one on PATH. */
  readonly npm?: readonly string[];
}

/** A version whose binaries are ready to run. */
interface ReadyEngine {
  readonly engine: Engine;
  readonly folder: string;
}

export class PostgresEngine implements EmbeddedEngine {
  readonly name = 'postgres';
  readonly #context: EngineContext;
  readonly #sources: PostgresSources;
  readonly #engines = new Map<string, Promise<ReadyEngine>>();
  readonly #templates = new Map<string, Promise<Template>>();

  constructor(context: EngineContext, sources: PostgresSources) {
    this.#context = context;
    this.#sources = sources;
  }

  async offers(): Promise<readonly EngineOffer[]> {
    const platform = platformOrNone();
    if (platform === undefined) return [];
    return listEngines(platform, this.#context.places).map(({ version, folder }) => ({
      engine: 'postgres',
      version,
      from: folder,
      state: 'here',
    }));
  }

  /** @throws UserError also `PLATFORM_UNSUPPORTED` and what `obtainEngine` throws */
  async prepare(version: string): Promise<void> {
    await this.#engine(communityVersion(version));
  }

  async recipe(
    spec: ServerSpec,
    _id: string,
    folder: string,
    filled?: string,
  ): Promise<ServerRecipe> {
    const version = communityVersion(spec.version);
    const parameters = parameterFile(spec.parameters ?? {});
    const template = filled === undefined ? await this.#template(version) : templateIn(filled);
    return new PostgresRecipe({
      spec: { ...spec, version },
      context: this.#context,
      folder,
      template,
      parameters,
      binaries: async (wanted) => (await this.#engine(communityVersion(wanted))).folder,
    });
  }

  async lacking(version: string, needs: readonly Need[]): Promise<readonly Need[]> {
    const { folder } = await this.#engine(communityVersion(version));
    return needs.filter(({ kind, name }) => {
      if (kind === 'extension') return !existsSync(extensionFile(folder, name));
      return kind === 'library' && !hasLibrary(folder, name);
    });
  }

  #engine(version: string): Promise<ReadyEngine> {
    return once(this.#engines, version, async () => {
      const { clock, places, account, announce } = this.#context;
      const { enginesDir, offline, npm } = this.#sources;
      const engine = await obtainEngine(version, {
        platform: currentPlatform(),
        places,
        bundle: enginesDir ?? process.env.REHEARSE_ENGINES_DIR,
        offline: offline ?? false,
        fetch: { clock, npm: npm ?? npmCommand(), announce },
      });
      return { engine, folder: await runnableFolder(engine, places, account) };
    });
  }

  #template(version: string): Promise<Template> {
    return once(this.#templates, version, async () => {
      const { engine, folder } = await this.#engine(version);
      return await obtainTemplate(this.#context, folder, engine.packageVersion);
    });
  }
}

interface PostgresParts {
  readonly spec: ServerSpec;
  readonly context: EngineContext;
  readonly folder: string;
  readonly template: Template;
  /** The text of the parameter file. */
  readonly parameters: string;
  /** The folder to run a version's binaries from. */
  readonly binaries: (version: string) => Promise<string>;
}

class PostgresRecipe implements ServerRecipe {
  readonly spec: ServerSpec;
  #admin: AdminLogin;
  readonly template: string;
  readonly files: Readonly<Record<string, string>>;
  readonly folders = [];
  /** Names the process of another server: with it, this one would not start. */
  readonly ownFiles = ['postmaster.pid'];
  readonly standbyFile = 'standby.signal';
  readonly signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
  readonly lastSignal = 'QUIT';
  readonly startTimeoutMs = 60_000;
  readonly #parts: PostgresParts;
  #secretIsSet = false;

  constructor(parts: PostgresParts) {
    this.#parts = parts;
    this.spec = parts.spec;
    this.#admin = { user: adminUser, password: randomSecret(), database: 'postgres' };
    this.template = parts.template.dataDirectory;
    this.files = { 'parameters.conf': parts.parameters };
  }

  get admin(): AdminLogin {
    return this.#admin;
  }

  /** A standby's password is its source's. */
  get kept(): Readonly<Record<string, string>> {
    return secretFile(this.#admin.password);
  }

  requireStep(from: string, to: string): void {
    if (parseVersion(from).major === parseVersion(communityVersion(to)).major) return;
    throw new UserError(
      'VERSION_NOT_MINOR_UPGRADE',
      `A data directory of PostgreSQL ${from} cannot be started with ${to}.`,
      'Name a version of the same major.',
    );
  }

  async command(
    version: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<(port: number) => readonly string[]> {
    const program = postgresProgram(await this.#parts.binaries(version));
    const given = Object.entries(wantedParameters(parameters));
    const settings = [
      ...given.map(([name, value]) => `${name}=${value}`),
      ...['listen_addresses=127.0.0.1', 'unix_socket_directories='],
    ];
    return (port) => [
      ...[program, '-D', this.#data, '-p', String(port)],
      ...settings.flatMap((setting) => ['-c', setting]),
    ];
  }

  async isAccepting({ pid }: ServerProcess, port: number): Promise<boolean> {
    return saysReady(this.#data, pid) && (await takesLogins(port, this.admin.user, 1_000));
  }

  async settle(port: number, isStandby: boolean): Promise<void> {
    if (this.#secretIsSet) return;
    const { secret } = this.#parts.template;
    // What it copies takes no writes: it has its source's roles, this one among them.
    if (isStandby) this.#admin = { ...this.#admin, password: secret };
    else await replaceSecret({ host: '127.0.0.1', port }, this.admin, secret);
    this.#secretIsSet = true;
  }

  portTaken(log: string): boolean {
    return log.includes('could not bind IPv4 address "127.0.0.1"');
  }

  tellingLines(log: string): string {
    return log.trimEnd().split('\n').slice(-8).join('\n');
  }

  crashInPart(running: ServerProcess): boolean {
    // A client's backend where there is one; any other process of the server does as well.
    const [newest] = running
      .children()
      .map((pid) => ({ pid, isClient: isClientBackend(pid) }))
      .sort((a, b) => Number(b.isClient) - Number(a.isClient) || b.pid - a.pid);
    return newest !== undefined && signalProcess(newest.pid, 'SIGKILL');
  }

  async freeTraces(): Promise<void> {
    const { clock, account } = this.#parts.context;
    await freeKernelMemory(clock, this.#data, account);
  }

  get #data(): string {
    return join(this.#parts.folder, 'data');
  }
}

function isClientBackend(pid: number): boolean {
  return / 127\.0\.0\.1\(\d+\)/.test(lookUpProcess(pid)?.commandLine ?? '');
}

function platformOrNone(): Platform | undefined {
  try {
    return currentPlatform();
  } catch {
    return undefined;
  }
}
