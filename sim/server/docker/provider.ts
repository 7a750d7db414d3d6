/** Real servers in containers, by Testcontainers. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Need } from '../../database/needs.js';
import { UserError } from '../../user-error.js';
import { once } from '../embedded/once.js';
import type {
  EngineName,
  EngineOffer,
  Server,
  ServerProvider,
  ServerSnapshot,
  ServerSpec,
} from '../server.js';
import { requireName } from '../server-name.js';
import { seriesOf } from '../versions.js';
import { ServerLogin } from './admin-login.js';
import { type Daemon, openDaemon } from './daemon.js';
import { leftBehind } from './daemon-errors.js';
import { DockerServer } from './docker-server.js';
import { runErrand } from './errand.js';
import { copyFilled, obtainFilledVolume } from './filled-volumes.js';
import { imageContracts } from './image-contract.js';
import {
  ensureImage,
  type ImageChoice,
  imageOffers,
  imageReference,
  type ReadyImage,
} from './images.js';
import { ownLabels } from './labels.js';
import { lackingFiles, listScript } from './lacking.js';
import { makeNetwork, type RunNetwork } from './network.js';
import { pgUpgrade } from './pg-upgrade.js';
import { reaperLabels } from './reaper.js';
import type { ResourceLimits } from './server-container.js';
import { copyVolume } from './volume-copy.js';

export interface DockerOptions extends ImageChoice {
  readonly clock: Clock;
  /** Names the run on everything that is made in Docker. */
  readonly runId: string;
  /** True forbids pulling images. */
  readonly offline?: boolean;
  /** Told, in one sentence, before an image is pulled. */
  readonly announce?: (text: string) => void;
  /** Server parameters for every server; a spec's own come over them. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What each container may take of its host. Default: 1024 MiB, 1000 processes. */
  readonly limits?: Partial<ResourceLimits>;
  /** How long Docker may take over a single call before it counts as lost. Default: 20 s. */
  readonly callTimeoutMs?: number;
  /** How long an image may take to come. Default: 10 minutes. */
  readonly pullTimeoutMs?: number;
}

const defaultLimits: ResourceLimits = { memoryMiB: 1024, pids: 1_000 };
const lookLimitMs = 60_000;
const defaultPullTimeoutMs = 600_000;

/** The provider of servers in containers. Nothing is asked of Docker before it is needed. */
export function dockerProvider(options: DockerOptions): DockerProvider {
  return new DockerProvider(options);
}

export class DockerProvider implements ServerProvider {
  readonly name = 'docker';
  readonly #options: DockerOptions;
  readonly #daemons = new Map<string, Promise<Daemon>>();
  readonly #images = new Map<string, Promise<ReadyImage>>();
  readonly #networks = new Map<string, Promise<RunNetwork>>();
  readonly #servers = new Set<DockerServer>();
  #closed = false;

  constructor(options: DockerOptions) {
    this.#options = options;
  }

  async prepare(engine: EngineName, version: string): Promise<void> {
    await this.#image(engine, version);
  }

  async offers(): Promise<readonly EngineOffer[]> {
    try {
      return await imageOffers(await this.#daemon(), this.#options);
    } catch (error) {
      // Docker cannot be used here, which is no error before it is asked for.
      if (error instanceof UserError && error.code.startsWith('DOCKER_')) return [];
      throw error;
    }
  }

  async lacking(
    engine: EngineName,
    version: string,
    needs: readonly Need[],
  ): Promise<readonly Need[]> {
    if (needs.every(({ kind }) => kind === 'storage-engine')) return [];
    const image = await this.#image(engine, version);
    const daemon = await this.#daemon();
    const labels = await this.#labels(daemon);
    const name = this.#nameOf('look');
    const listing = { name, image, labels, script: listScript, limitMs: lookLimitMs };
    const { code, output } = await runErrand(daemon, listing);
    return code === 0 ? lackingFiles(output, needs) : [];
  }

  async create(spec: ServerSpec): Promise<DockerServer> {
    const { content, ...plain } = spec;
    const fresh = (): ServerLogin =>
      new ServerLogin(spec.engine, imageContracts[spec.engine].admin);
    if (content === undefined) return this.#make(plain, fresh());
    requireName(spec.name);
    const daemon = await this.#daemon();
    const filling = {
      clock: this.#options.clock,
      daemon,
      image: await this.#image(spec.engine, spec.version),
      spec: { ...plain, parameters: { ...this.#options.parameters, ...spec.parameters } },
      content,
      labels: await this.#labels(daemon),
      make: () => this.#make(plain, fresh()),
    };
    const { volume, secret } = await obtainFilledVolume(filling);
    const login = new ServerLogin(spec.engine, imageContracts[spec.engine].admin, secret);
    return this.#withData(await this.#make(plain, login), (server) =>
      copyFilled(filling, volume, server.containerName),
    );
  }

  async restore(
    snapshot: ServerSnapshot,
    name: string,
    parameters: ServerSpec['parameters'] = {},
  ): Promise<DockerServer> {
    const { admin, place } = snapshot;
    const all = { ...snapshot.spec.parameters, ...parameters };
    const spec = { ...snapshot.spec, name, parameters: all };
    const login = new ServerLogin(spec.engine, admin, admin.password);
    return this.#withData(await this.#make(spec, login), async (server) => {
      const [daemon, image] = [await this.#daemon(), await this.#image(spec.engine, spec.version)];
      await copyVolume(daemon, this.#options.clock, {
        name: `${server.containerName}-copier`,
        image: image.reference,
        labels: await this.#labels(daemon),
        from: place,
        to: server.containerName,
        ownFiles: [],
      });
    });
  }

  async upgraded(server: Server, version: string): Promise<DockerServer | null> {
    const old = [...this.#servers].find((one) => one === server);
    if (old === undefined) throw new Error('the server is of another provider');
    const [daemon, image] = [await this.#daemon(), await this.#image('postgres', version)];
    const { admin, spec } = old;
    const login = new ServerLogin('postgres', admin, admin.password);
    const made = await this.#make({ ...spec, version }, login);
    let isDone = false;
    try {
      isDone = await pgUpgrade(daemon, {
        ...{ name: `${made.containerName}-upgrade`, image, user: admin.user },
        labels: await this.#labels(daemon),
        from: { volume: old.containerName, major: seriesOf('postgres', old.version) },
        to: { volume: made.containerName, version },
      });
      return isDone ? made : null;
    } finally {
      if (!isDone) await made.remove().catch(() => undefined);
    }
  }

  async #withData(
    server: DockerServer,
    copy: (server: DockerServer) => Promise<void>,
  ): Promise<DockerServer> {
    try {
      await copy(server);
      return server;
    } catch (error) {
      await server.remove().catch(() => undefined);
      throw error;
    }
  }

  async #make(spec: ServerSpec, login: ServerLogin): Promise<DockerServer> {
    requireName(spec.name);
    const { clock, parameters, limits } = this.#options;
    const contract = imageContracts[spec.engine];
    const command = contract.command({ ...parameters, ...spec.parameters });
    await this.#image(spec.engine, spec.version);
    const daemon = await this.#daemon();
    const labels = await this.#labels(daemon);
    if (this.#closed) throw new Error('the provider of containers is closed');
    const server = new DockerServer({
      id: this.#nameOf(spec.name.toLowerCase()),
      spec,
      login,
      clock,
      daemon,
      contract,
      labels: { ...labels, 'rehearse.server': spec.name },
      limits: { ...defaultLimits, ...limits },
      command,
      image: (version) => this.#image(spec.engine, version),
      acceptPort: (port) => [...this.#servers].every((other) => other.address.port !== port),
      requireStep: spec.engine === 'postgres' ? requireSameMajor : () => undefined,
      onRemoved: () => this.#servers.delete(server),
    });
    this.#servers.add(server);
    try {
      await server.open();
    } catch (error) {
      await server.remove().catch(() => undefined);
      throw error;
    }
    return server;
  }

  /**
   * The network of the run, made when it is first asked for.
   * @throws UserError `DOCKER_UNREACHABLE`, `DOCKER_LOST`, `DOCKER_REFUSED`
   */
  network(): Promise<RunNetwork> {
    return once(this.#networks, '', async () => {
      const daemon = await this.#daemon();
      return makeNetwork(daemon, this.#nameOf('network'), await this.#labels(daemon));
    });
  }

  async hostFor(server: Server): Promise<string> {
    const [daemon, network] = [await this.#daemon(), await this.network()];
    const ours = [...this.#servers].find((one) => one === server);
    if (ours === undefined) throw new Error('the server is of another provider');
    if (!daemon.published.isLocal)
      throw new UserError(
        'SERVER_CANNOT_DIAL',
        `Servers on the Docker host ${daemon.uri} cannot dial this machine.`,
        'Rehearse a cluster with readers on a Docker daemon of this machine.',
      );
    if (!ours.isIn(network)) await ours.join(network, ours.spec.name);
    return network.gateway;
  }

  /**
   * Removes every server and network that was made here. Safe to call twice.
   * @throws UserError `DOCKER_LOST` with the names of what may be left
   */
  async close(): Promise<void> {
    this.#closed = true;
    const servers = [...this.#servers];
    const ends = await Promise.allSettled(servers.map((server) => server.remove()));
    const left = servers.filter((_, index) => ends[index]?.status === 'rejected');
    const names = left.map((server) => `${server.containerName} (container and volume)`);
    let [failure] = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    const network = await this.#networks.get('')?.catch(() => undefined);
    await network?.remove().catch((error: unknown) => {
      names.push(`${network.name} (network)`);
      failure ??= error;
    });
    if (failure === undefined) {
      this.#networks.clear();
      return;
    }
    const daemon = await this.#daemon();
    if (!daemon.isLost) throw failure;
    daemon.hangUp();
    throw leftBehind(daemon.uri, names);
  }

  #daemon(): Promise<Daemon> {
    const { clock, callTimeoutMs } = this.#options;
    return once(this.#daemons, '', () => openDaemon(clock, { callTimeoutMs }));
  }

  #image(engine: EngineName, version: string): Promise<ReadyImage> {
    const reference = imageReference(this.#options, engine, version);
    return once(this.#images, reference, async () => {
      const { offline = false, announce = () => undefined, pullTimeoutMs } = this.#options;
      return ensureImage(await this.#daemon(), {
        reference,
        offline,
        announce,
        pullTimeoutMs: pullTimeoutMs ?? defaultPullTimeoutMs,
      });
    });
  }

  async #labels(daemon: Daemon): Promise<Record<string, string>> {
    const { clock, runId, offline = false } = this.#options;
    return { ...ownLabels(clock, runId), ...(await reaperLabels(daemon, offline)) };
  }

  /** Unlike any other on this Docker host, and readable in its lists. */
  #nameOf(what: string): string {
    const run = this.#options.runId.replace(/[^a-zA-Z0-9_.-]/g, '-').slice(0, 40);
    return `rehearse-${run}-${what}-${randomBytes(4).toString('hex')}`;
  }
}

function requireSameMajor(from: string, to: string): void {
  const major = (version: string): string => /^\d+/.exec(version)?.[0] ?? version;
  if (major(from) === major(to)) return;
  throw new UserError(
    'VERSION_NOT_MINOR_UPGRADE',
    `A data directory of PostgreSQL ${from} cannot be started with ${to}.`,
    'Name a version of the same major.',
  );
}
