import { chownSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wallClockAt } from '../../clock.js';
import { UserError } from '../../user-error.js';
import { hostId, machineId } from '../host-id.js';
import { freePort } from '../ports.js';
import {
  type AdminLogin,
  engineTitles,
  type Server,
  type ServerAddress,
  type ServerSnapshot,
  type ServerSpec,
  type StartOptions,
  type StartTimes,
  type StopMode,
  type StopTimes,
} from '../server.js';
import type { EngineContext, ServerRecipe } from './engine.js';
import type { Guard } from './guard.js';
import { lookUpProcess } from './process-table.js';
import { readRegistry, register, unregister } from './registry.js';
import { removeFolder } from './remove-folder.js';
import type { ServerLog } from './server-log.js';
import { ServerProcess } from './server-process.js';
import { Snapshots } from './snapshots.js';

/** What a server is made of; the provider puts it together. */
export interface ServerParts {
  readonly id: string;
  readonly context: EngineContext;
  readonly recipe: ServerRecipe;
  /** `data`, `server.log` and the files of the recipe are in here. */
  readonly folder: string;
  readonly guard: Guard;
  readonly log: ServerLog;
  /** Tells the provider that the server is no more. */
  readonly onRemoved: () => void;
}

const stopTimeoutMs = 30_000;
const pollEveryMs = 2;

export class EmbeddedServer implements Server {
  readonly spec: ServerSpec;
  readonly #parts: ServerParts;
  readonly #created: string;
  readonly #snapshots: Snapshots;
  #port: number | undefined;
  #portIsSettled = false;
  #version: string;
  #state: Server['state'] = 'stopped';
  #process: ServerProcess | undefined;
  #removal: Promise<void> | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    const { clock } = parts.context;
    this.spec = parts.recipe.spec;
    this.#version = this.spec.version;
    this.#snapshots = new Snapshots(parts.context, parts.recipe, parts.folder);
    this.#created = wallClockAt(clock.anchor, clock.nowNs()).toISOString();
  }

  get address(): ServerAddress {
    return { host: '127.0.0.1', port: this.#port ?? 0 };
  }

  get admin(): AdminLogin {
    return this.#parts.recipe.admin;
  }

  get version(): string {
    return this.#version;
  }

  get state(): Server['state'] {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Enters the server into the registry and claims a port for it. */
  async open(): Promise<void> {
    const { context, id } = this.#parts;
    const { places } = context;
    for (;;) {
      const claimed = readRegistry(places.registry);
      this.#port = await freePort((port) => claimed.every((entry) => entry.port !== port));
      this.#register();
      const rivals = readRegistry(places.registry).filter((entry) => entry.port === this.#port);
      if (rivals.every((entry) => entry.id >= id)) return;
    }
  }

  async start(options: StartOptions = {}): Promise<StartTimes> {
    this.#require('stopped', 'start');
    const { context, recipe } = this.#parts;
    const { clock } = context;
    const version = options.version ?? this.#version;
    recipe.requireStep(this.spec.version, version);
    this.#state = 'starting';
    const beginNs = clock.nowNs();
    const deadlineNs = beginNs + (options.timeoutMs ?? recipe.startTimeoutMs) * 1e6;
    try {
      const command = await recipe.command(version, options.parameters ?? {});
      if (this.#removal !== undefined) throw this.#startFailed(version, 'it was removed', '');
      this.#version = version;
      if (options.standby === true) this.#markStandby();
      const acceptingNs = await this.#launchUntilReady(command, deadlineNs);
      await recipe.settle(this.address.port, options.standby === true);
      this.#state = 'running';
      this.#parts.log.watch();
      return { beginNs, acceptingNs };
    } catch (error) {
      await this.#process?.kill(clock);
      this.#state = 'stopped';
      throw error;
    }
  }

  async stop(mode: StopMode, options: { timeoutMs?: number } = {}): Promise<StopTimes> {
    const { context, log, recipe } = this.#parts;
    const { clock } = context;
    const beginNs = clock.nowNs();
    const running = this.#process;
    if (running !== undefined) {
      if (this.#state === 'frozen' && mode !== 'kill') running.thaw();
      this.#state = 'stopping';
      if (mode === 'kill') await running.kill(clock);
      else {
        running.signal(recipe.signals[mode]);
        const ended = await running.endsWithin(clock, options.timeoutMs ?? stopTimeoutMs);
        if (!ended) await running.kill(clock);
      }
    }
    log.rest();
    this.#state = 'stopped';
    return { beginNs, endNs: clock.nowNs() };
  }

  async freeze(): Promise<void> {
    this.#require('running', 'freeze');
    this.#process?.freeze();
    this.#state = 'frozen';
  }

  async thaw(): Promise<void> {
    this.#require('frozen', 'thaw');
    this.#process?.thaw();
    this.#state = 'running';
  }

  async snapshot(): Promise<ServerSnapshot> {
    this.#require('running', 'snapshot');
    return await this.#snapshots.take(this);
  }

  async crash(): Promise<void> {
    this.#require('running', 'crash');
    const running = this.#process;
    if (running === undefined || this.#parts.recipe.crashInPart(running)) return;
    await this.stop('kill');
    await this.start();
  }

  remove(): Promise<void> {
    this.#removal ??= this.#removeAll();
    return this.#removal;
  }

  logTail(lines = 20): string {
    return this.#parts.log.tail(lines);
  }

  async #removeAll(): Promise<void> {
    const { context, folder, guard, log, id, recipe } = this.#parts;
    const { clock, account, places } = context;
    this.#snapshots.close();
    await this.#process?.kill(clock);
    log.close();
    await recipe.freeTraces();
    await guard.release(clock, 10_000);
    // The guard removes the folder; this is for one that somebody killed.
    if (existsSync(folder)) await removeFolder(clock, folder, account);
    unregister(places.registry, id);
    this.#state = 'stopped';
    this.#parts.onRemoved();
  }

  async #launchUntilReady(command: Command, deadlineNs: number): Promise<number> {
    const { context, log, recipe } = this.#parts;
    const { clock } = context;
    for (;;) {
      const logSize = log.size();
      const launched = this.#launch(command);
      const acceptingNs = await this.#untilReady(launched, deadlineNs);
      if (acceptingNs !== undefined) return acceptingNs;
      const said = log.since(logSize);
      const why = launched.hasEnded ? 'its process ended' : 'it did not answer in time';
      if (!recipe.portTaken(said) || this.#removal !== undefined || clock.nowNs() > deadlineNs)
        throw this.#startFailed(this.#version, why, said);
      // Before its first start nobody knows the port; later it must stay, so wait for it.
      if (!this.#portIsSettled) await this.open();
      else await clock.sleep(20);
    }
  }

  #launch(command: Command): ServerProcess {
    const { context, guard, log } = this.#parts;
    const launched = new ServerProcess({
      command: command(this.address.port),
      account: context.account,
      logDescriptor: log.descriptor,
    });
    this.#process = launched;
    guard.watch(launched.pid);
    this.#register();
    launched.go();
    void launched.ended.then(() => this.#noteEnd(launched));
    return launched;
  }

  #noteEnd(ended: ServerProcess): void {
    if (this.#process !== ended) return;
    this.#process = undefined;
    this.#parts.guard.watch(undefined);
    if (this.#removal === undefined) this.#register();
    // A start or stop under way says itself what comes next.
    if (this.#state === 'running' || this.#state === 'frozen') this.#state = 'stopped';
  }

  async #untilReady(launched: ServerProcess, deadlineNs: number): Promise<number | undefined> {
    const { context, recipe } = this.#parts;
    const { clock } = context;
    while (!launched.hasEnded && clock.nowNs() < deadlineNs) {
      if (await recipe.isAccepting(launched, this.address.port)) {
        this.#portIsSettled = true;
        return clock.nowNs();
      }
      await clock.sleep(pollEveryMs);
    }
    return undefined;
  }

  #register(): void {
    const { context, id, folder } = this.#parts;
    const server = this.#process;
    register(context.places.registry, {
      v: 1,
      id,
      hostId: hostId(),
      machineId: machineId(),
      owner: ownProcess(),
      server: server === undefined ? null : { pid: server.pid, startedAt: server.startedAt },
      folder,
      port: this.#port ?? null,
      created: this.#created,
    });
  }

  /** Where the engine reads from a file that it is to follow another server. */
  #markStandby(): void {
    const { context, recipe, folder } = this.#parts;
    if (recipe.standbyFile === null) return;
    const file = join(folder, 'data', recipe.standbyFile);
    writeFileSync(file, '', { mode: 0o600 });
    const { account } = context;
    if (account !== undefined) chownSync(file, account.uid, account.gid);
  }

  #require(state: Server['state'], action: string): void {
    if (this.#removal === undefined && this.#state === state) return;
    const now = this.#removal === undefined ? this.#state : 'removed';
    throw new Error(`server ${this.spec.name} is ${now}: cannot ${action}`);
  }

  #startFailed(version: string, why: string, log: string): UserError {
    const title = `${engineTitles[this.spec.engine]} ${version} (${this.spec.name})`;
    const lines = this.#parts.recipe.tellingLines(log);
    return new UserError(
      'ENGINE_START_FAILED',
      `${title} did not start: ${why}. Its log says:\n${lines}\n`,
      'Check the server parameters that were asked for and the room on disk and in memory.',
      'environment',
    );
  }
}

type Command = (port: number) => readonly string[];

function ownProcess(): { pid: number; startedAt: string } {
  return { pid: process.pid, startedAt: lookUpProcess(process.pid)?.startedAt ?? 'unknown' };
}
