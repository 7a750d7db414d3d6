import { UserError } from '../../user-error.js';
import { freePort } from '../ports.js';
import type {
  AdminLogin,
  Server,
  ServerAddress,
  ServerSnapshot,
  ServerSpec,
  StartOptions,
  StartTimes,
  StopMode,
  StopTimes,
} from '../server.js';
import { NotAccepting, settlesWithin, startFailed, untilAccepting } from './accepting.js';
import { runErrand } from './errand.js';
import type { ReadyImage } from './images.js';
import { LogTail } from './log-tail.js';
import { newestBackend, whyNoLogin } from './login.js';
import type { RunNetwork } from './network.js';
import { isPortTaken, ServerContainer } from './server-container.js';
import { containerRecipe, type DockerServerParts } from './server-parts.js';
import { Snapshots } from './snapshots.js';
import { visiblePid } from './visible-pid.js';
import { makeVolume, removeVolume } from './volume.js';

const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;
const killTimeoutMs = 20_000;
const settleTimeoutMs = 30_000;
const killAgainMs = 500;
const logTimeoutMs = 5_000;
const errandTimeoutMs = 30_000;
/** A first start that finds its port taken looks for another one so many times. */
const firstPortsMax = 8;

/** A server in a container, with its data on a volume of its own. */
export class DockerServer implements Server {
  readonly spec: ServerSpec;
  readonly #parts: DockerServerParts;
  readonly #log = new LogTail();
  readonly #snapshots: Snapshots;
  #port = 0;
  #portIsSettled = false;
  #version: string;
  #state: Server['state'] = 'stopped';
  #pid: number | undefined;
  /** There is one from the first start on. */
  #container: ServerContainer | undefined;
  /** The version of its image and its arguments for one start. */
  #containerIs: string | undefined;
  /** Arguments of the start under way, behind those of every start. */
  #extra: readonly string[] = [];
  #joined: { readonly network: RunNetwork; readonly aliases: readonly string[] } | undefined;
  /** Undefined while the log of this start is not being read. */
  #logEnded: Promise<void> | undefined;
  /** Whether what Docker tells of the container is about this start, not about an earlier one. */
  #isNewStart = false;
  /** Whether Docker says that this start is done. */
  #isLaunched = false;
  #starts = 0;
  #starting: Promise<unknown> = Promise.resolve();
  #removal: Promise<void> | undefined;

  constructor(parts: DockerServerParts) {
    this.#parts = parts;
    this.spec = parts.spec;
    this.#version = parts.spec.version;
    this.#snapshots = new Snapshots(parts.daemon, parts.clock);
  }

  get admin(): AdminLogin {
    return this.#parts.login.current;
  }

  get address(): ServerAddress {
    return { host: this.#parts.daemon.published.host, port: this.#port };
  }

  get version(): string {
    return this.#version;
  }

  get state(): Server['state'] {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** The name of its container and of its volume, whether or not they are there. */
  get containerName(): string {
    return this.#parts.id;
  }

  /** Makes the volume and chooses a port. */
  async open(): Promise<void> {
    const { daemon, id, labels } = this.#parts;
    await this.#choosePort();
    await makeVolume(daemon, id, labels);
  }

  start(options: StartOptions = {}): Promise<StartTimes> {
    const started = this.#start(options);
    this.#starting = started.catch(() => undefined);
    return started;
  }

  async stop(mode: StopMode, options: { timeoutMs?: number } = {}): Promise<StopTimes> {
    const { clock, contract } = this.#parts;
    const beginNs = clock.nowNs();
    const container = this.#container;
    if (container !== undefined && this.#state !== 'stopped') {
      // Killed, a frozen server ends without having run again.
      if (this.#state === 'frozen' && mode !== 'kill') await container.unpause();
      this.#state = 'stopping';
      await container.signal(mode === 'kill' ? 'SIGKILL' : contract.signals[mode]);
      const limitMs = mode === 'kill' ? killTimeoutMs : (options.timeoutMs ?? stopTimeoutMs);
      if (!(await container.endsWithin(limitMs))) {
        await container.signal('SIGKILL');
        await container.endsWithin(killTimeoutMs);
      }
    }
    this.#pid = undefined;
    this.#state = 'stopped';
    return { beginNs, endNs: clock.nowNs() };
  }

  async freeze(): Promise<void> {
    await this.#require('running', 'freeze').pause(this.#parts.clock);
    this.#state = 'frozen';
  }

  async thaw(): Promise<void> {
    await this.#require('frozen', 'thaw').unpause();
    this.#state = 'running';
  }

  async snapshot(): Promise<ServerSnapshot> {
    this.#require('running', 'snapshot');
    const { id, labels, contract, image } = this.#parts;
    const { reference } = await image(this.#version);
    const { ownFiles } = contract;
    return await this.#snapshots.take(this, { id, labels, image: reference, ownFiles });
  }

  async crash(): Promise<void> {
    const container = this.#require('running', 'crash');
    if (this.spec.engine === 'postgres') {
      const pid = await newestBackend(this.address, this.admin);
      await container.execute(['sh', '-c', `kill -9 ${pid}`]);
      return;
    }
    await this.stop('kill');
    await this.start();
  }

  isIn(network: RunNetwork): boolean {
    return this.#joined?.network === network;
  }

  /** Puts it into a network of the run, where containers find it under the aliases. */
  async join(network: RunNetwork, ...aliases: string[]): Promise<void> {
    if (this.#container !== undefined) await network.attach(this.#parts.id, aliases);
    this.#joined = { network, aliases };
  }

  /**
   * Cuts it off from the run's network. Its published port stays: cutting that off is for the
   * endpoint in front.
   */
  async disconnect(): Promise<void> {
    await this.#joinedNetwork().network.detach(this.#parts.id);
  }

  async reconnect(): Promise<void> {
    const { network, aliases } = this.#joinedNetwork();
    await network.attach(this.#parts.id, aliases);
  }

  /** @throws UserError `DOCKER_LOST`; it can be called again then */
  remove(): Promise<void> {
    this.#removal ??= this.#removeAll().catch((error: unknown) => {
      this.#removal = undefined;
      throw error;
    });
    return this.#removal;
  }

  logTail(lines = 20): string {
    return this.#log.last(lines);
  }

  async #start(options: StartOptions): Promise<StartTimes> {
    if (this.#removal !== undefined || this.#state !== 'stopped') throw this.#cannot('start');
    const { clock, requireStep, contract } = this.#parts;
    this.#extra = contract.extraArguments(options.parameters ?? {});
    const version = options.version ?? this.#version;
    requireStep(this.spec.version, version);
    this.#state = 'starting';
    const beginNs = clock.nowNs();
    const deadlineNs = beginNs + (options.timeoutMs ?? startTimeoutMs) * 1e6;
    try {
      const image = await this.#parts.image(version);
      this.#version = version;
      if (options.standby === true) await this.#markStandby(image);
      const acceptingNs = await this.#launchUntilReady(image, deadlineNs);
      this.#portIsSettled = true;
      await this.#parts.login.settle(this.address, options.standby === true);
      await this.#watch();
      this.#state = 'running';
      return { beginNs, acceptingNs };
    } catch (error) {
      this.#state = 'stopped';
      throw error instanceof NotAccepting
        ? startFailed(this.spec, this.#version, error.message, this.logTail(8))
        : error;
    }
  }

  /** Where the engine reads from a file that it is to follow another server. */
  async #markStandby(image: ReadyImage): Promise<void> {
    const { id, daemon, labels, contract } = this.#parts;
    const { standbyFile } = contract;
    if (standbyFile === null) return;
    const file = `/data/${standbyFile}`;
    const name = `${id}-standby`;
    const { code, output } = await runErrand(daemon, {
      ...{ name, image, labels, volumes: { '/data': id }, limitMs: errandTimeoutMs },
      script: `touch ${file} && chown --reference="$(dirname ${file})" ${file}`,
    });
    if (code !== 0)
      throw startFailed(this.spec, this.#version, 'it could not be made a standby', output);
  }

  /** Launches it; where its port turns out to be taken, again: elsewhere if nobody knows it yet. */
  async #launchUntilReady(image: ReadyImage, deadlineNs: number): Promise<number> {
    const { clock } = this.#parts;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#launchOnce(image, deadlineNs);
      } catch (error) {
        if (!isPortTaken(error)) throw error;
        const isLast = this.#portIsSettled ? clock.nowNs() > deadlineNs : tries >= firstPortsMax;
        if (isLast || this.#removal !== undefined)
          throw new NotAccepting(`its port ${this.#port} is taken by another program`);
        if (this.#portIsSettled) await clock.sleep(100);
        else await this.#choosePort();
      }
    }
  }

  /** Launches it and waits for its first answer. A container that gives none is removed. */
  async #launchOnce(image: ReadyImage, deadlineNs: number): Promise<number> {
    const { clock } = this.#parts;
    const { spec, address, admin } = this;
    const stop = new AbortController();
    const launched = this.#launch(image);
    try {
      const accepting = untilAccepting({
        clock,
        deadlineNs,
        signal: stop.signal,
        tryLogin: async (limitMs) =>
          // Dialled before its network is up, the port would keep a client waiting for a second.
          this.#isLaunched
            ? whyNoLogin(spec.engine, address, admin, limitMs)
            : 'its container is being started',
        whyHopeless: () => this.#whyHopeless(),
      });
      const [acceptingNs] = await Promise.all([accepting, launched]);
      return acceptingNs;
    } catch (error) {
      stop.abort();
      const container = this.#container;
      // A container that only waits for its port is tried again as it is.
      const waits = this.#portIsSettled && isPortTaken(error);
      if (container !== undefined && !waits) await this.#giveUp(launched, container);
      throw error;
    }
  }

  /** Starts the container there is, or makes one where there is none of this version. */
  async #launch(image: ReadyImage): Promise<void> {
    const { daemon, id, clock } = this.#parts;
    const old = this.#container;
    this.#isNewStart = false;
    this.#isLaunched = false;
    this.#logEnded = undefined;
    const wanted = [this.#version, ...this.#extra].join(' ');
    const isThat = old !== undefined && this.#containerIs === wanted;
    if (!isThat || !(await old.startAgain())) {
      const made = new ServerContainer(daemon, id);
      this.#container = made;
      this.#containerIs = wanted;
      await old?.remove(clock);
      this.#isNewStart = true;
      await made.createAndStart(
        containerRecipe(this.#parts, image, this.#port, this.#joined, this.#extra),
      );
    }
    this.#isNewStart = true;
    this.#isLaunched = true;
    await this.#followLog();
  }

  async #followLog(): Promise<void> {
    const following = await this.#container?.followLog(this.#log);
    this.#logEnded = following?.ended;
  }

  /** Ends a container that will not answer, keeps its log, and removes it. */
  async #giveUp(launched: Promise<void>, container: ServerContainer): Promise<void> {
    const { clock } = this.#parts;
    const settled = (): Promise<boolean> => settlesWithin(clock, launched, settleTimeoutMs);
    try {
      // One that is only being started takes no signal yet.
      const untilNs = clock.nowNs() + killTimeoutMs * 1e6;
      do await container.signal('SIGKILL');
      while (!(await container.endsWithin(killAgainMs)) && clock.nowNs() < untilNs);
      if ((await container.facts())?.hasEnded === true) {
        if (this.#logEnded === undefined) await this.#followLog();
        await settlesWithin(clock, this.#logEnded ?? Promise.resolve(), logTimeoutMs);
      }
      await container.remove(clock);
      // Docker may have been about to make it.
      await settled();
      await container.remove(clock);
      if (this.#container === container) this.#container = undefined;
    } catch (error) {
      // What made it fail is told; what is left goes with `remove`.
      if (!(error instanceof UserError)) throw error;
      await settled();
    }
  }

  async #whyHopeless(): Promise<string | undefined> {
    if (this.#removal !== undefined) return 'it was removed';
    if (!this.#isNewStart) return undefined;
    const facts = await this.#container?.facts();
    return facts?.hasEnded === true
      ? `its container ended with exit code ${facts.exitCode}`
      : undefined;
  }

  /** Learns its process id, and notes when it ends by itself. */
  async #watch(): Promise<void> {
    const container = this.#container;
    const facts = await container?.facts();
    const { isLocal } = this.#parts.daemon.published;
    if (facts !== undefined && isLocal) this.#pid = visiblePid(facts.pid, facts.id);
    this.#starts++;
    const starts = this.#starts;
    container?.watchEnd(() => {
      if (starts !== this.#starts || !['running', 'frozen'].includes(this.#state)) return;
      this.#state = 'stopped';
      this.#pid = undefined;
    });
  }

  async #removeAll(): Promise<void> {
    const { clock, daemon, id, onRemoved } = this.#parts;
    await settlesWithin(clock, this.#starting, settleTimeoutMs);
    const container = this.#container ?? new ServerContainer(daemon, id);
    await container.remove(clock);
    await this.#snapshots.close();
    await removeVolume(daemon, id, clock);
    this.#state = 'stopped';
    this.#pid = undefined;
    onRemoved();
  }

  async #choosePort(): Promise<void> {
    this.#port = 0;
    this.#port = await freePort(this.#parts.acceptPort);
  }

  #joinedNetwork(): { readonly network: RunNetwork; readonly aliases: readonly string[] } {
    if (this.#joined !== undefined) return this.#joined;
    throw new Error(`server ${this.spec.name} is in no network of the run`);
  }

  #require(state: Server['state'], action: string): ServerContainer {
    if (this.#removal !== undefined || this.#state !== state || this.#container === undefined)
      throw this.#cannot(action);
    return this.#container;
  }

  #cannot(action: string): Error {
    const now = this.#removal === undefined ? this.#state : 'removed';
    return new Error(`server ${this.spec.name} is ${now}: cannot ${action}`);
  }
}
