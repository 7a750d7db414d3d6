/** The Docker daemon as Testcontainers found it, with a bound on every call. */
import { existsSync, readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { homedir } from 'node:os';
import type { ContainerRuntimeClient } from 'testcontainers';
import type { Clock } from '../../clock.js';
import { messageOf, UserError } from '../../user-error.js';
import { type DaemonAddress, daemonAddresses } from './daemon-address.js';
import { DockerRefusal, dockerLost, dockerUnreachable } from './daemon-errors.js';
import { whyUnreachable } from './daemon-ping.js';
import { type PublishedAt, publishedAt } from './published-at.js';

/** Loaded on demand: other commands must not pay for it. */
export type Testcontainers = typeof import('testcontainers');
export type Dockerode = ContainerRuntimeClient['container']['dockerode'];
export type ContainerHandle = ReturnType<ContainerRuntimeClient['container']['getById']>;

const pingTimeoutMs = 3_000;
const tellTimeoutMs = 10_000;
const callTimeoutMs = 20_000;
/** Once the daemon was lost, nobody waits for long to hear that it still is. */
const lostTimeoutMs = 2_000;

/** How long a call may take, and what to make of one that takes longer. */
export interface CallOptions<T> {
  readonly limitMs?: number;
  /** The result of a call that did not end in time. Default: the daemon counts as lost. */
  readonly late?: () => T;
}

/** How long the daemon is waited for. */
export interface DaemonPatience {
  /** Until it answers at all. Default: 3 s. */
  readonly openTimeoutMs?: number | undefined;
  /** Until it has done what it was asked to; some calls have their own. Default: 20 s. */
  readonly callTimeoutMs?: number | undefined;
}

/**
 * Finds the daemon and makes sure that it answers.
 * @throws UserError `DOCKER_UNREACHABLE`
 */
export async function openDaemon(clock: Clock, patience: DaemonPatience = {}): Promise<Daemon> {
  const address = await firstThatAnswers(clock, patience.openTimeoutMs ?? pingTimeoutMs);
  const testcontainers = await import('testcontainers');
  const client = await connect(clock, testcontainers, address);
  const published = await publishedAt(address.uri, client.info.containerRuntime.host);
  return new Daemon(clock, address.uri, testcontainers, client, published, patience.callTimeoutMs);
}

export class Daemon {
  readonly uri: string;
  readonly testcontainers: Testcontainers;
  readonly client: ContainerRuntimeClient;
  readonly docker: Dockerode;
  readonly published: PublishedAt;
  readonly #clock: Clock;
  readonly #callTimeoutMs: number;
  #isLost = false;

  constructor(
    clock: Clock,
    uri: string,
    testcontainers: Testcontainers,
    client: ContainerRuntimeClient,
    published: PublishedAt,
    timeoutMs: number = callTimeoutMs,
  ) {
    this.#clock = clock;
    this.#callTimeoutMs = timeoutMs;
    this.uri = uri;
    this.testcontainers = testcontainers;
    this.client = client;
    this.docker = client.container.dockerode;
    this.published = published;
  }

  /** Whether the last call got no answer. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Runs one exchange with the daemon.
   * @param doing for people: `starting the container rehearse-1`
   * @throws DockerRefusal where the daemon said no; UserError `DOCKER_LOST` where it is gone or
   *   did not answer in time; whatever `run` itself throws
   */
  async call<T>(
    doing: string,
    run: (signal: AbortSignal) => Promise<T>,
    options: CallOptions<T> = {},
  ): Promise<T> {
    const wantedMs = options.limitMs ?? this.#callTimeoutMs;
    const limitMs = this.#isLost ? Math.min(wantedMs, lostTimeoutMs) : wantedMs;
    const stop = new AbortController();
    let isLate = false;
    const timer = this.#clock.timer(limitMs, () => {
      isLate = true;
      stop.abort(new Error(`it did not answer within ${limitMs / 1000} s`));
    });
    try {
      const result = await untilAborted(run(stop.signal), stop.signal);
      this.#isLost = false;
      return result;
    } catch (error) {
      if (isLate && options.late !== undefined) return options.late();
      throw this.#explain(doing, isLate ? stop.signal.reason : error, isLate);
    } finally {
      timer.cancel();
    }
  }

  /** The daemon is gone for good: ends what still waits for its answers. */
  hangUp(): void {
    const { agent } = this.docker.modem as { agent?: HttpAgent };
    agent?.destroy();
  }

  #explain(doing: string, error: unknown, isLate: boolean): unknown {
    if (error instanceof UserError || !(error instanceof Error)) return error;
    const { statusCode, json } = error as { statusCode?: unknown; json?: { message?: unknown } };
    if (typeof statusCode === 'number') {
      this.#isLost = false;
      const said = typeof json?.message === 'string' ? json.message : error.message;
      return new DockerRefusal(doing, statusCode, said);
    }
    if (!isLate && !isOfTheConnection(error)) return error;
    this.#isLost = true;
    return dockerLost(
      this.uri,
      doing,
      isLate ? error.message : `the connection ended (${error.message})`,
    );
  }
}

async function firstThatAnswers(clock: Clock, timeoutMs: number): Promise<DaemonAddress> {
  const addresses = daemonAddresses({
    environment: process.env,
    home: homedir(),
    uid: process.getuid?.(),
    read: readOrUndefined,
    exists: existsSync,
  });
  let failure = dockerUnreachable(
    undefined,
    'neither DOCKER_HOST nor a Docker context names one, and no usual socket is there',
  );
  for (const [index, address] of addresses.entries()) {
    const why = await whyUnreachable(clock, address, timeoutMs);
    if (why === undefined) return address;
    if (index === 0) failure = dockerUnreachable(address, why);
  }
  throw failure;
}

async function connect(
  clock: Clock,
  testcontainers: Testcontainers,
  address: DaemonAddress,
): Promise<ContainerRuntimeClient> {
  const restore = address.settled ? () => undefined : settle(address);
  const stop = new AbortController();
  const timer = clock.timer(tellTimeoutMs, () =>
    stop.abort(new Error(`it did not tell about itself within ${tellTimeoutMs / 1000} s`)),
  );
  try {
    const client = await untilAborted(testcontainers.getContainerRuntimeClient(), stop.signal);
    requireSame(client, address);
    // Connections of our own, so that they can be ended; none is kept, so that none can be stale.
    const secure = address.certificates !== undefined;
    const modem = client.container.dockerode.modem as { agent?: HttpAgent };
    modem.agent ??= secure ? new HttpsAgent() : new HttpAgent();
    return client;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw dockerUnreachable(address, messageOf(error));
  } finally {
    timer.cancel();
    restore();
  }
}

/** Tells Testcontainers the place while it looks for one; returns what takes it back. */
function settle({ uri, certificates }: DaemonAddress): () => void {
  const wanted: Record<string, string | undefined> = {
    DOCKER_HOST: uri,
    DOCKER_TLS_VERIFY: certificates === undefined ? undefined : '1',
    DOCKER_CERT_PATH: certificates,
  };
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(wanted)) setVariable(name, value);
  return () => {
    for (const [name, value] of before) setVariable(name, value);
  };
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** Testcontainers looks once and remembers: the daemon it has may be another one. */
function requireSame(client: ContainerRuntimeClient, address: DaemonAddress): void {
  const modem = client.container.dockerode.modem as { socketPath?: unknown; host?: unknown };
  const { hostname, pathname } = new URL(address.uri);
  const isSame = hostname === '' ? modem.socketPath === pathname : modem.host === hostname;
  if (!isSame) throw dockerUnreachable(address, 'Testcontainers found another daemon in its place');
}

const connectionCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);

function isOfTheConnection(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return connectionCodes.has(code ?? '') || /socket hang up|aborted/i.test(error.message);
}

/** Settles as the work does, or rejects as soon as the signal aborts. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(signal.reason);
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
