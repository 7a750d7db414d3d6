/** The container of one server: each exchange with Docker about it, bounded in time. */
import type { Clock } from '../../clock.js';
import { type CallOptions, type ContainerHandle, type Daemon, untilAborted } from './daemon.js';
import { DockerRefusal } from './daemon-errors.js';
import type { ContainerFile } from './image-contract.js';
import type { LogTail } from './log-tail.js';
import type { RunNetwork } from './network.js';

/** What a container may take of its host. */
export interface ResourceLimits {
  readonly memoryMiB: number;
  readonly pids: number;
  /** Processors, such as 0.5. Default: no limit. */
  readonly processors?: number;
}

/** What a container is made of. */
export interface ContainerRecipe {
  readonly name: string;
  readonly image: string;
  readonly labels: Record<string, string>;
  readonly environment: Record<string, string>;
  readonly files: readonly ContainerFile[];
  /** Takes the place of the image's own. */
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  /** Port inside, and where it is published; outside 0: Docker chooses. */
  readonly port: { readonly inside: number; readonly outside: number };
  readonly volume: { readonly name: string; readonly path: string } | undefined;
  /** Whether it runs as nobody, without a privilege. */
  readonly unprivileged?: boolean;
  readonly network:
    | { readonly network: RunNetwork; readonly aliases: readonly string[] }
    | undefined;
  readonly limits: ResourceLimits;
  readonly stopSignal: NodeJS.Signals;
}

/** What Docker knows of a container at the moment. */
export interface ContainerFacts {
  readonly id: string;
  readonly isRunning: boolean;
  /** Whether it ran and ended. */
  readonly hasEnded: boolean;
  readonly exitCode: number;
  /** Process id of its first process as the daemon's host numbers it; 0 where there is none. */
  readonly pid: number;
}

const createTimeoutMs = 60_000;

export class ServerContainer {
  readonly name: string;
  readonly #daemon: Daemon;
  readonly #handle: ContainerHandle;
  readonly #watching = new AbortController();

  constructor(daemon: Daemon, name: string) {
    this.name = name;
    this.#daemon = daemon;
    this.#handle = daemon.client.container.getById(name);
  }

  /** Makes it by Testcontainers, and starts it. Settles once Docker says that it runs. */
  async createAndStart(recipe: ContainerRecipe): Promise<void> {
    await this.#call('making and starting', () => genericContainer(this.#daemon, recipe).start(), {
      limitMs: createTimeoutMs,
    });
  }

  /** Starts it again as it is; false where it is not there any more. */
  async startAgain(): Promise<boolean> {
    try {
      await this.#call('starting', (abortSignal) => this.#handle.start({ abortSignal }));
      return true;
    } catch (error) {
      if (error instanceof DockerRefusal && error.statusCode === 404) return false;
      throw error;
    }
  }

  /** Undefined where there is no such container. */
  async facts(): Promise<ContainerFacts | undefined> {
    const looked = await this.#unlessGone('looking at', (abortSignal) =>
      this.#handle.inspect({ abortSignal }),
    );
    if (looked === undefined) return undefined;
    const { Running, ExitCode, Pid, Status } = looked.State;
    const hasEnded = !Running && (Status === 'exited' || Status === 'dead');
    return { id: looked.Id, isRunning: Running, hasEnded, exitCode: ExitCode, pid: Pid };
  }

  /** Where a port of it is published now; undefined where it is not. */
  async publishedPort(inside: number): Promise<number | undefined> {
    const { NetworkSettings } = await this.#call('looking at', (abortSignal) =>
      this.#handle.inspect({ abortSignal }),
    );
    const ports = NetworkSettings.Ports[`${inside}/tcp`] ?? [];
    const port = Number((ports.find(({ HostIp }) => !HostIp.includes(':')) ?? ports[0])?.HostPort);
    return port > 0 ? port : undefined;
  }

  /** Sends a signal to its first process; does nothing where it does not run. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    try {
      await this.#unlessGone('signalling', (abortSignal) =>
        this.#handle.kill({ signal, abortSignal }),
      );
    } catch (error) {
      if (!(error instanceof DockerRefusal && error.statusCode === 409)) throw error;
    }
  }

  /** Whether it ended within the time. */
  async endsWithin(limitMs: number): Promise<boolean> {
    const ended = await this.#call<boolean>(
      'waiting for the end of',
      async (abortSignal) => {
        await this.#handle.wait({ abortSignal });
        return true;
      },
      { limitMs, late: () => false },
    ).catch((error: unknown) => {
      if (error instanceof DockerRefusal && error.statusCode === 404) return true;
      throw error;
    });
    return ended;
  }

  /** Calls back when it ends by itself, however long that takes. */
  watchEnd(ended: () => void): void {
    const { signal } = this.#watching;
    untilAborted(this.#handle.wait({ abortSignal: signal }), signal).then(ended, () => {
      // Docker was lost, or nobody wants to know any more.
    });
  }

  async pause(clock: Clock): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#call('freezing', (abortSignal) => this.#handle.pause({ abortSignal }));
        return;
      } catch (error) {
        // Kernels give up freezing now and then while processes are being made.
        const again = error instanceof DockerRefusal && error.said.includes('unable to freeze');
        if (!again || tries >= 20) throw error;
        await clock.sleep(50);
      }
    }
  }

  async unpause(): Promise<void> {
    await this.#call('thawing', (abortSignal) => this.#handle.unpause({ abortSignal }));
  }

  /** Runs a program in it and waits for its end. */
  async execute(command: readonly string[]): Promise<void> {
    await this.#call('running a program in', () =>
      this.#daemon.client.container.exec(this.#handle, [...command]),
    );
  }

  /**
   * Follows its log from its latest start on.
   * @returns `ended` settles when the log has ended, or cannot be read any more
   */
  async followLog(tail: LogTail): Promise<{ readonly ended: Promise<void> }> {
    const since = await this.#call('reading the log of', async (abortSignal) => {
      const { State } = await this.#handle.inspect({ abortSignal });
      return unixSeconds(State.StartedAt);
    });
    const stream = await this.#daemon.client.container.logs(this.#handle, { since });
    stream.on('data', (text: Buffer | string) => tail.push(text.toString()));
    const ended = new Promise<void>((resolve) => {
      for (const event of ['end', 'error', 'close']) stream.once(event, () => resolve());
    });
    return { ended };
  }

  /** Removes it, running or not, with the volumes that it made without a name. */
  async remove(clock: Clock): Promise<void> {
    this.#watching.abort();
    const abortable = { force: true, v: true };
    for (let tries = 0; tries < 100; tries++) {
      try {
        await this.#unlessGone('removing', (abortSignal) =>
          this.#handle.remove({ ...abortable, abortSignal }),
        );
        return;
      } catch (error) {
        // Somebody else is at it: it is gone in a moment.
        if (!(error instanceof DockerRefusal && error.statusCode === 409)) throw error;
        await clock.sleep(50);
      }
    }
  }

  async #unlessGone<T>(
    doing: string,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.#call(doing, run);
    } catch (error) {
      if (error instanceof DockerRefusal && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  #call<T>(
    doing: string,
    run: (signal: AbortSignal) => Promise<T>,
    options: CallOptions<T> = {},
  ): Promise<T> {
    return this.#daemon.call(`${doing} the container ${this.name}`, run, options);
  }
}

/**
 * Testcontainers' container with what it has no words for: the address to publish on, the volume,
 * the limit of processes, the log's size, the signal to stop with. It waits for nothing but the
 * start: whether the server answers is for its server to find out.
 */
function genericContainer(daemon: Daemon, recipe: ContainerRecipe) {
  const { GenericContainer } = daemon.testcontainers;
  const { port, volume, limits, network } = recipe;
  const published = { HostIp: daemon.published.bindTo, HostPort: String(port.outside) };
  class Container extends GenericContainer {
    constructor() {
      super(recipe.image);
      this.createOpts.ExposedPorts = { [`${port.inside}/tcp`]: {} };
      this.createOpts.StopSignal = recipe.stopSignal;
      this.hostConfig = {
        ...this.hostConfig,
        PortBindings: { [`${port.inside}/tcp`]: [published] },
        ...(volume === undefined
          ? {}
          : { Mounts: [{ Type: 'volume', Source: volume.name, Target: volume.path }] }),
        ...(recipe.unprivileged === true
          ? { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] }
          : {}),
        Memory: limits.memoryMiB * 1024 * 1024,
        PidsLimit: limits.pids,
        ...(limits.processors === undefined
          ? {}
          : { NanoCpus: Math.round(limits.processors * 1e9) }),
        LogConfig: { Type: 'json-file', Config: { 'max-size': '8m', 'max-file': '1' } },
      };
    }
  }
  const container = new Container()
    .withName(recipe.name)
    .withLabels(recipe.labels)
    .withEnvironment(recipe.environment)
    .withCommand([...recipe.command])
    .withCopyContentToContainer(recipe.files.map((file) => ({ ...file, mode: 0o444 })))
    .withAutoCleanup(false)
    .withWaitStrategy(noWait);
  if (recipe.unprivileged === true) container.withUser('65534:65534');
  if (recipe.entrypoint !== undefined) container.withEntrypoint([...recipe.entrypoint]);
  if (network === undefined) return container;
  return container.withNetworkMode(network.network.name).withNetworkAliases(...network.aliases);
}

const noWait = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => noWait,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};

/** Of an instant as Docker writes it, with nanoseconds. */
function unixSeconds(text: string): number {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms < 0 ? 0 : ms / 1000;
}

/** Whether Docker refused because another program has the port to publish on. */
export function isPortTaken(error: unknown): boolean {
  const said = error instanceof DockerRefusal ? error.said : '';
  return /port is already allocated|address already in use/i.test(said);
}
