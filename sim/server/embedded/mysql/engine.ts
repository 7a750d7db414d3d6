/** MySQL and MariaDB from the programs that are installed on this machine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Need } from '../../../database/needs.js';
import { UserError } from '../../../user-error.js';
import { type AdminLogin, type EngineOffer, engineTitles, type ServerSpec } from '../../server.js';
import type { EmbeddedEngine, EngineContext, ServerRecipe } from '../engine.js';
import { once } from '../once.js';
import { randomSecret } from '../random-secret.js';
import { removeFolder } from '../remove-folder.js';
import type { ServerProcess } from '../server-process.js';
import {
  baseCommand,
  findBinary,
  listBinaries,
  type MysqlBinary,
  type MysqlFlavour,
  pluginFolder,
} from './binaries.js';
import { adminUser, firstStartSql } from './first-start.js';
import { argumentsFor, mysqlOptions } from './options.js';
import { answersQuery, type Refused } from './readiness.js';
import { errorLines, tellsPortTaken } from './server-log-lines.js';
import { needsTableUpgrade, upgradeTables } from './table-upgrade.js';
import { obtainMysqlTemplate } from './template.js';
import { versionNumbers } from './version-match.js';

/** In the server's folder until its first start is over. */
const firstStartFile = 'first-start.sql';
const refusalMsMax = 2_000;

export class MysqlEngine implements EmbeddedEngine {
  readonly #context: EngineContext;
  readonly #templates = new Map<string, Promise<string>>();

  constructor(
    readonly name: MysqlFlavour,
    context: EngineContext,
  ) {
    this.#context = context;
  }

  async offers(): Promise<readonly EngineOffer[]> {
    const here = await listBinaries(this.#context);
    return here
      .filter(({ flavour }) => flavour === this.name)
      .map(({ version, path }) => ({ engine: this.name, version, from: path, state: 'here' }));
  }

  async prepare(version: string): Promise<void> {
    await findBinary(this.#context, this.name, version);
  }

  async lacking(version: string, needs: readonly Need[]): Promise<readonly Need[]> {
    const libraries = needs.filter(({ kind }) => kind === 'plugin' || kind === 'component');
    if (libraries.length === 0) return [];
    const binary = await findBinary(this.#context, this.name, version);
    const folder = await pluginFolder(this.#context, binary);
    if (folder === undefined) return [];
    return libraries.filter(({ name }) => !existsSync(join(folder, `${name}.so`)));
  }

  async recipe(
    spec: ServerSpec,
    id: string,
    folder: string,
    filled?: string,
  ): Promise<ServerRecipe> {
    const binary = await findBinary(this.#context, this.name, spec.version);
    const options = mysqlOptions(this.name, spec.parameters ?? {}, serverId(id));
    const key = JSON.stringify([binary.path, binary.version, options.make]);
    const own = (): Promise<string> =>
      once(this.#templates, key, () => obtainMysqlTemplate(this.#context, binary, options.make));
    const template = filled === undefined ? await own() : join(filled, 'data');
    return new MysqlRecipe(this.#context, spec, {
      binary,
      folder,
      template,
      isFilled: filled !== undefined,
      run: options.run,
    });
  }
}

interface MysqlParts {
  /** What the data directory was made with. */
  readonly binary: MysqlBinary;
  readonly folder: string;
  readonly template: string;
  /** Whether a server ran on the template's data before. */
  readonly isFilled: boolean;
  /** The server's options. */
  readonly run: readonly string[];
}

class MysqlRecipe implements ServerRecipe {
  readonly admin: AdminLogin;
  readonly template: string;
  readonly files: Readonly<Record<string, string>>;
  readonly folders = ['tmp', 'files'];
  /** The first start of each copy gives the admin a new password, whatever it was. */
  readonly kept = {};
  /** The server's own name: with the same one, two servers would refuse to replicate. */
  readonly ownFiles = ['auto.cnf'];
  readonly standbyFile = null;
  readonly signals = { fast: 'SIGTERM', immediate: 'SIGKILL' } as const;
  readonly lastSignal = 'KILL';
  /** Making new system tables takes its time. */
  readonly startTimeoutMs = 180_000;
  readonly #context: EngineContext;
  readonly #parts: MysqlParts;
  /** The binaries that the system tables are right for. */
  #tablesOf: MysqlBinary;
  #starting: MysqlBinary;

  constructor(
    context: EngineContext,
    readonly spec: ServerSpec,
    parts: MysqlParts,
  ) {
    this.#context = context;
    this.#parts = parts;
    this.#tablesOf = parts.binary;
    this.#starting = parts.binary;
    this.admin = { user: adminUser, password: randomSecret(), database: 'mysql' };
    this.template = parts.template;
    const { flavour } = parts.binary;
    this.files = { [firstStartFile]: firstStartSql(flavour, this.admin, parts.isFilled) };
  }

  /** The server itself knows best what data it can be started with; its log tells. */
  requireStep(_from: string, to: string): void {
    versionNumbers(this.spec.engine, to);
  }

  async command(
    version: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<(port: number) => readonly string[]> {
    const { folder, run, binary } = this.#parts;
    this.#starting = await findBinary(this.#context, binary.flavour, version);
    const base = [
      ...baseCommand(this.#starting),
      `--datadir=${join(folder, 'data')}`,
      '--bind-address=127.0.0.1',
      // None: its path would be too long in many folders, and nobody needs it.
      '--socket=',
      `--pid-file=${join(folder, 'server.pid')}`,
      `--tmpdir=${join(folder, 'tmp')}`,
      `--secure-file-priv=${join(folder, 'files')}`,
      ...run,
      // The last one of a name wins.
      ...argumentsFor(parameters),
    ];
    const first = join(folder, firstStartFile);
    const initFile = existsSync(first) ? [`--init-file=${first}`] : [];
    return (port) => [...base, `--port=${port}`, ...initFile];
  }

  async isAccepting(running: ServerProcess, port: number): Promise<boolean> {
    const answered = await answersQuery(port, this.admin);
    if (running.hasEnded) return false;
    if (answered === 'nothing') return false;
    if (answered !== 'query') {
      await this.#doubt(running, answered);
      return false;
    }
    // Until its tables are those of the version that runs, it is not what was asked for.
    if (needsTableUpgrade(this.#tablesOf, this.#starting)) {
      const { folder } = this.#parts;
      await upgradeTables(this.#context, this.#starting, { admin: this.admin, port, folder });
    }
    this.#tablesOf = this.#starting;
    return true;
  }

  /**
   * A refusal may come from another program that has the port: then this server ends in a
   * moment. Else a refused login tells that it cannot read its own accounts, which is what a
   * MariaDB does on the data of a newer one; any other refusal is told in the server's words.
   * @throws UserError `ENGINE_START_FAILED`
   */
  async #doubt(running: ServerProcess, { refused, ofLogin }: Refused): Promise<void> {
    if (await running.endsWithin(this.#context.clock, refusalMsMax)) return;
    const { flavour, version } = this.#starting;
    throw new UserError(
      'ENGINE_START_FAILED',
      `${engineTitles[flavour]} ${version} started on these data and lets nobody in: ${refused}.`,
      ofLogin
        ? `Its data may be of a newer version than ${version}: only upgrades work in place.`
        : 'Look at the server parameters that were asked for, and at what runs at its start.',
      'environment',
    );
  }

  async settle(): Promise<void> {
    const { clock, account } = this.#context;
    const first = join(this.#parts.folder, firstStartFile);
    if (existsSync(first)) await removeFolder(clock, first, account);
  }

  portTaken(log: string): boolean {
    return tellsPortTaken(log);
  }

  tellingLines(log: string): string {
    return errorLines(log);
  }

  /** One process: it crashes as a whole. */
  crashInPart(): boolean {
    return false;
  }

  async freeTraces(): Promise<void> {
    // Everything is in its folder.
  }
}

/** Of the random end of a server's id; never 0, which means none. */
function serverId(id: string): number {
  return (Number.parseInt(id.slice(-7), 16) % 2 ** 28) + 1;
}
