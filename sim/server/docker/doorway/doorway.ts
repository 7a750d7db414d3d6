/**
 * The doorway: a small container by which applications in containers reach the endpoint, under
 * the name of the service that the rehearsal stands in for.
 *
 * A container cannot dial a loopback of the tool's machine, and on Docker Desktop, on a nested or
 * on a remote Docker host it cannot dial the machine at all. The other direction works on all of
 * them: the tool dials a published port. So the doorway listens where applications dial, and
 * passes each of them on through connections that the tool has dialled to it beforehand.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../clock.js';
import type { Doorway, DoorwayAddress } from '../../../sim.js';
import { messageOf, UserError } from '../../../user-error.js';
import { type Daemon, openDaemon } from '../daemon.js';
import { leftBehind, sentence } from '../daemon-errors.js';
import { ensureImage, prefixedImage } from '../images.js';
import { ownLabels } from '../labels.js';
import { LogTail } from '../log-tail.js';
import { type FoundNetwork, findNetwork, makeNetwork, type RunNetwork } from '../network.js';
import { reaperLabels } from '../reaper.js';
import { ServerContainer } from '../server-container.js';
import { Door, exchanges, type TellDoorway } from './door.js';
import { insideCommand, insideFiles } from './inside-files.js';

/** Any image with Node 20 or newer serves; this one is small. */
export const doorwayImage = 'node:20-alpine';

export interface DoorwayOptions {
  readonly clock: Clock;
  /** The name that applications dial. */
  readonly alias: string;
  readonly port: number;
  /** A network that is there already; null: one of the run's own. */
  readonly network: string | null;
  /** Default: `node:20-alpine`. */
  readonly image?: string | undefined;
  /** Put before the image's name; default: `REHEARSE_IMAGE_PREFIX`. */
  readonly imagePrefix?: string | undefined;
  /** True forbids pulling the image. */
  readonly offline: boolean;
  readonly tell: TellDoorway;
  /** The built folder `sim/`, whose files go into the container; default: this one's. */
  readonly builtSim?: URL;
}

const limits = { memoryMiB: 256, pids: 64 };
const pullTimeoutMs = 600_000;
const connectTimeoutMs = 30_000;
const backPorts = [40_404, 40_405] as const;

/**
 * Makes the doorway, closed, and reaches it.
 * @throws UserError `DOCKER_UNREACHABLE`, `DOCKER_LOST`, `DOCKER_REFUSED`, `IMAGE_NOT_FOUND`,
 *   `IMAGE_PULL_FORBIDDEN`, `NETWORK_NOT_FOUND`, `NETWORK_UNSUITED`, `ALIAS_TAKEN`,
 *   `DOORWAY_FAILED`
 */
export async function openDoorway(options: DoorwayOptions): Promise<Doorway> {
  const { clock, offline, alias, network, tell } = options;
  const daemon = await openDaemon(clock);
  const image = await ensureImage(daemon, {
    reference: prefixedImage(options.image ?? doorwayImage, options.imagePrefix),
    offline,
    announce: (text) => tell('info', 'fetch', text),
    pullTimeoutMs,
    option: '--image doorway=IMAGE',
  });
  const found = network === null ? undefined : await findNetwork(daemon, network, alias);
  const name = `rehearse-doorway-${randomBytes(6).toString('hex')}`;
  const labels = { ...ownLabels(clock, name), ...(await reaperLabels(daemon, offline)) };
  const made = new DockerDoorway(options, daemon, name, found);
  try {
    await made.start(image.reference, labels);
    return made;
  } catch (error) {
    await made.remove().catch(() => undefined);
    throw error;
  }
}

class DockerDoorway implements Doorway {
  readonly #options: DoorwayOptions;
  readonly #daemon: Daemon;
  readonly #found: FoundNetwork | undefined;
  readonly #name: string;
  readonly #container: ServerContainer;
  readonly #door: Door;
  readonly #secret = randomBytes(32);
  #own: RunNetwork | undefined;
  #publishedPort = 0;
  #removal: Promise<void> | undefined;

  constructor(
    options: DoorwayOptions,
    daemon: Daemon,
    name: string,
    found: FoundNetwork | undefined,
  ) {
    this.#options = options;
    this.#daemon = daemon;
    this.#name = name;
    this.#found = found;
    this.#container = new ServerContainer(daemon, name);
    this.#door = new Door(
      {
        clock: options.clock,
        secret: this.#secret,
        address: () => ({ host: daemon.published.host, port: this.#publishedPort }),
      },
      options.tell,
    );
  }

  get address(): DoorwayAddress {
    const { alias, port } = this.#options;
    return { host: alias, port, network: this.#found?.name ?? this.#own?.name ?? '' };
  }

  /** Makes network and container, and dials it. */
  async start(image: string, labels: Record<string, string>): Promise<void> {
    const { alias, port, builtSim, tell } = this.#options;
    const backPort = port === backPorts[0] ? backPorts[1] : backPorts[0];
    this.#own = await makeNetwork(this.#daemon, `${this.#name}-network`, labels);
    await this.#container.createAndStart({
      name: this.#name,
      image,
      labels,
      environment: {},
      files: insideFiles(this.#secret, builtSim),
      entrypoint: ['node'],
      command: insideCommand(port, backPort),
      port: { inside: backPort, outside: 0 },
      volume: undefined,
      network: { network: this.#own, aliases: this.#found === undefined ? [alias] : [] },
      limits,
      stopSignal: 'SIGKILL',
      unprivileged: true,
    });
    await this.#found?.attach(this.#name, [alias]);
    try {
      // Only now: another network may have made Docker publish it elsewhere.
      this.#publishedPort = (await this.#container.publishedPort(backPort)) ?? 0;
      const exchangeMs = await this.#door.connect(connectTimeoutMs, () => this.#whyHopeless());
      tell('info', 'doorway', this.#costs(exchangeMs));
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw await this.#failed(messageOf(error));
    }
  }

  open(port: number): Promise<void> {
    return this.#door.open(port);
  }

  close(): Promise<void> {
    return this.#door.close();
  }

  remove(): Promise<void> {
    this.#removal ??= this.#removeAll();
    return this.#removal;
  }

  async #removeAll(): Promise<void> {
    this.#door.end();
    try {
      await this.#container.remove(this.#options.clock);
      await this.#own?.remove();
    } catch (error) {
      if (!this.#daemon.isLost) throw error;
      this.#daemon.hangUp();
      throw leftBehind(this.#daemon.uri, [
        `${this.#name} (container)`,
        ...(this.#own === undefined ? [] : [`${this.#own.name} (network)`]),
      ]);
    }
  }

  #costs(exchangeMs: number): string {
    const { host, port, network } = this.address;
    return (
      `${host}:${port} on the network ${network} leads to the writer through the container ` +
      `${this.#name}, which added ${exchangeMs.toFixed(1)} ms to a round trip just now ` +
      `(median of ${exchanges})`
    );
  }

  async #whyHopeless(): Promise<string | undefined> {
    const facts = await this.#container.facts();
    return facts?.hasEnded === true
      ? `its container ended with exit code ${facts.exitCode}`
      : undefined;
  }

  async #failed(why: string): Promise<UserError> {
    const log = new LogTail();
    const { clock } = this.#options;
    try {
      const { ended } = await this.#container.followLog(log);
      await Promise.race([ended, clock.sleep(1_000)]);
    } catch {
      // The reason is told without it.
    }
    const said = log.last(5);
    return new UserError(
      'DOORWAY_FAILED',
      `The container by which others reach the endpoint cannot be reached: ${sentence(why)}` +
        (said === '' ? '' : ` Its log ends:\n${said}\n`),
      'Name an image with Node 20 or newer with --image doorway=IMAGE, and see that ports which ' +
        'Docker publishes can be dialled from here.',
      'environment',
    );
  }
}
