import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.js';
import { wallClockAt } from '../../clock.js';
import { UserError } from '../../user-error.js';
import { hostId } from '../host-id.js';
import { freePort } from '../ports.js';
import type {
  AdminLogin,
  Server,
  ServerAddress,
  ServerSpec,
  StartTimes,
  StopMode,
  StopTimes,
} from '../server.js';
import { parseVersion } from '../versions.js';
import type { Account } from './account.js';
import type { Guard } from './guard.js';
import type { Places } from './places.js';
import { replaceSecret } from './postgres/admin-secret.js';
import { freeKernelMemory } from './postgres/kernel-memory.js';
import { postgresProgram } from './postgres/package-folder.js';
import { saysReady, takesLogins } from './postgres/readiness.js';
import { lookUpProcess, signalProcess } from './process-table.js';
import { readRegistry, register, unregister } from './registry.js';
import { removeFolder } from './remove-folder.js';
import type { ServerLog } from './server-log.js';
import { ServerProcess } from './server-process.js';

/** What a server is made of; the provider puts it together. */
export interface ServerParts {
  readonly id: string;
  readonly spec: ServerSpec;
  readonly admin: AdminLogin;
  /** The password that the copied template has until the first start. */
  readonly templateSecret: string;
  /** `data`, `parameters.conf` and `server.log` are in here. */
  readonly folder: string;
  readonly places: Places;
  readonly account: Account | undefined;
  readonly clock: Clock;
  readonly guard: Guard;
  readonly log: ServerLog;
  /** The folder to run a version's binaries from. */
  readonly binaries: (version: string) => Promise<string>;
  /** Tells the provider that the server is no more. */
  readonly onRemoved: () => void;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;
const pollEveryMs = 2;
const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

export class EmbeddedServer implements Server {
  readonly spec: ServerSpec;
  readonly admin: AdminLogin;
  readonly #parts: ServerParts;
  readonly #created: string;
  #port: number | undefined;
  #portIsSettled = false;
  #secretIsSet = false;
  #version: string;
  #state: Server['state'] = 'stopped';
  #process: ServerProcess | undefined;
  #removal: Promise<void> | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.spec = parts.spec;
    this.admin = parts.admin;
    this.#version = parts.spec.version;
    this.#created = wallClockAt(parts.clock.anchor, parts.clock.nowNs()).toISOString();
  }

  get address(): ServerAddress {
    return { host: '127.0.0.1', port: this.#port ?? 0 };
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
    const { places, id } = this.#parts;
    for (;;) {
      const claimed = readRegistry(places.registry);
      this.#port = await freePort((port) => claimed.every((entry) => entry.port !== port));
      this.#register();
      const rivals = readRegistry(places.registry).filter((entry) => entry.port === this.#port);
      if (rivals.every((entry) => entry.id >= id)) return;
    }
  }

  async start(options: { version?: string; timeoutMs?: number } = {}): Promise<StartTimes> {
    this.#require('stopped', 'start');
    const { clock } = this.#parts;
    const version = options.version ?? this.#version;
    requireSameMajor(this.spec.version, version);
    this.#state = 'starting';
    const beginNs = clock.nowNs();
    const deadlineNs = beginNs + (options.timeoutMs ?? startTimeoutMs) * 1e6;
    try {
      const folder = await this.#parts.binaries(version);
      if (this.#removal !== undefined) throw this.#startFailed(version, 'it was removed');
      this.#version = version;
      const acceptingNs = await this.#launchUntilReady(folder, deadlineNs);
      await this.#setSecret();
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
    const { clock, log } = this.#parts;
    const beginNs = clock.nowNs();
    const running = this.#process;
    if (running !== undefined) {
      if (this.#state === 'frozen' && mode !== 'kill') running.thaw();
      this.#state = 'stopping';
      if (mode === 'kill') await running.kill(clock);
      else {
        running.signal(signals[mode]);
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

  async crash(): Promise<void> {
    this.#require('running', 'crash');
    const children = this.#process?.children() ?? [];
    // A client's backend where there is one; any other process of the server does as well.
    const [newest] = children
      .map((pid) => ({ pid, isClient: isClientBackend(pid) }))
      .sort((a, b) => Number(b.isClient) - Number(a.isClient) || b.pid - a.pid);
    if (newest !== undefined) signalProcess(newest.pid, 'SIGKILL');
  }

  remove(): Promise<void> {
    this.#removal ??= this.#removeAll();
    return this.#removal;
  }

  logTail(lines = 20): string {
    return this.#parts.log.tail(lines);
  }

  async #removeAll(): Promise<void> {
    const { clock, folder, guard, log, places, id, account } = this.#parts;
    await this.#process?.kill(clock);
    log.close();
    await freeKernelMemory(clock, join(folder, 'data'), account);
    await guard.release(clock, 10_000);
    // The guard removes the folder; this is for one that somebody killed.
    if (existsSync(folder)) await removeFolder(clock, folder, account);
    unregister(places.registry, id);
    this.#state = 'stopped';
    this.#parts.onRemoved();
  }

  async #launchUntilReady(binaries: string, deadlineNs: number): Promise<number> {
    const { clock, log } = this.#parts;
    for (;;) {
      const logSize = log.size();
      const launched = this.#launch(binaries);
      const acceptingNs = await this.#untilReady(launched, deadlineNs);
      if (acceptingNs !== undefined) return acceptingNs;
      const portTaken = log.since(logSize).includes('could not bind IPv4 address "127.0.0.1"');
      const why = launched.hasEnded ? 'its process ended' : 'it did not answer in time';
      if (!portTaken || this.#removal !== undefined || clock.nowNs() > deadlineNs)
        throw this.#startFailed(this.#version, why);
      // Before its first start nobody knows the port; later it must stay, so wait for it.
      if (!this.#portIsSettled) await this.open();
      else await clock.sleep(20);
    }
  }

  #launch(binaries: string): ServerProcess {
    const { account, folder, guard, log } = this.#parts;
    const data = join(folder, 'data');
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories='];
    const launched = new ServerProcess({
      command: [
        ...[postgresProgram(binaries), '-D', data, '-p', String(this.#port)],
        ...settings.flatMap((setting) => ['-c', setting]),
      ],
      account,
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
    const { clock, folder } = this.#parts;
    const data = join(folder, 'data');
    while (!launched.hasEnded && clock.nowNs() < deadlineNs) {
      const ready = saysReady(data, launched.pid);
      if (ready && (await takesLogins(this.address.port, this.admin.user, 1_000))) {
        this.#portIsSettled = true;
        return clock.nowNs();
      }
      await clock.sleep(pollEveryMs);
    }
    return undefined;
  }

  async #setSecret(): Promise<void> {
    if (this.#secretIsSet) return;
    await replaceSecret(this.address, this.admin, this.#parts.templateSecret);
    this.#secretIsSet = true;
  }

  #register(): void {
    const { places, id, folder } = this.#parts;
    const server = this.#process;
    register(places.registry, {
      v: 1,
      id,
      hostId: hostId(),
      owner: ownProcess(),
      server: server === undefined ? null : { pid: server.pid, startedAt: server.startedAt },
      folder,
      port: this.#port ?? null,
      created: this.#created,
    });
  }

  #require(state: Server['state'], action: string): void {
    if (this.#removal === undefined && this.#state === state) return;
    const now = this.#removal === undefined ? this.#state : 'removed';
    throw new Error(`server ${this.spec.name} is ${now}: cannot ${action}`);
  }

  #startFailed(version: string, why: string): UserError {
    const tail = this.logTail(8);
    return new UserError(
      'ENGINE_START_FAILED',
      `PostgreSQL ${version} (${this.spec.name}) did not start: ${why}. Its log ends:\n${tail}\n`,
      'Check the server parameters that were asked for and the room on disk and in memory.',
      'environment',
    );
  }
}

function ownProcess(): { pid: number; startedAt: string } {
  return { pid: process.pid, startedAt: lookUpProcess(process.pid)?.startedAt ?? 'unknown' };
}

function isClientBackend(pid: number): boolean {
  return / 127\.0\.0\.1\(\d+\)/.test(lookUpProcess(pid)?.commandLine ?? '');
}

function requireSameMajor(from: string, to: string): void {
  if (parseVersion(from).major === parseVersion(to).major) return;
  throw new UserError(
    'VERSION_NOT_MINOR_UPGRADE',
    `A data directory of PostgreSQL ${from} cannot be started with ${to}.`,
    'Name a version of the same major.',
  );
}
