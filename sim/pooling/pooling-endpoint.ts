/**
 * An endpoint that pools, modelled on RDS Proxy (AmazonRDS UserGuide/rds-proxy.html): it stands in
 * front of a cluster's writer, which it finds without DNS, and lends its clients server connections
 * for their transactions. While the writer is away idle clients stay, those in a transaction or a
 * statement are cancelled, and new requests wait.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';
import type { ClusterRecord } from '../cluster/cluster.js';
import { type Identity, makeIdentity } from '../endpoint/certificate.js';
import { Listener } from '../endpoint/listener.js';
import { resetConnection } from '../endpoint/reset-connection.js';
import type { Emit } from '../events.js';
import { newSeed, rng } from '../rng.js';
import type { ServerAddress } from '../server/server.js';
import type { PinReason } from './pinning.js';
import { PooledSession, type SessionFate } from './pooled-session.js';
import { type PoolingHost, type PoolingProtocol, targetName } from './pooling-protocol.js';
import { PoolingTale } from './pooling-tale.js';
import type { ServerConnection } from './server-connection.js';
import { ServerPool } from './server-pool.js';

export interface PoolingSettings {
  /** Server connections at most. */
  readonly connectionsMax: number;
  /** How long a request waits for one; AWS: ConnectionBorrowTimeout, 120 s unless it is set. */
  readonly borrowTimeoutMs: number;
  /** An idle client is ended after that; AWS: IdleClientTimeout, 1,800 s unless it is set. */
  readonly idleClientTimeoutMs: number;
}

export interface PoolingEndpointOptions<S extends ServerConnection> {
  readonly name: string;
  readonly cluster: ClusterRecord;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly protocol: PoolingProtocol<S>;
  readonly settings: PoolingSettings;
}

/** How often a writer that is away is tried, and the cluster is asked who the writer is: ours. */
const watchMs = 100;
/** Clients at most, those that are being greeted included. */
const clientsMax = 5_000;
const greetingMsMin = 10_000;

export class PoolingEndpoint<S extends ServerConnection> {
  readonly name: string;
  readonly #options: PoolingEndpointOptions<S>;
  readonly #listener: Listener;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<PooledSession<S>>();
  readonly #pool: ServerPool<S>;
  readonly #tale: PoolingTale;
  #identity: Identity | undefined;
  /** The writer when it was looked last. */
  #target: ServerAddress;
  #watch: Timer | undefined;
  #isClosed = false;

  constructor(options: PoolingEndpointOptions<S>) {
    this.#options = options;
    this.name = options.name;
    this.#target = writerOf(options.cluster);
    this.#tale = new PoolingTale(options);
    this.#listener = new Listener('through', (socket) => void this.#accept(socket));
    const { clock, settings } = options;
    const { connectionsMax, borrowTimeoutMs } = settings;
    this.#pool = new ServerPool<S>({
      ...{ clock, connectionsMax, borrowTimeoutMs, retryMs: watchMs },
      target: () => targetName(this.#writer()),
      onReach: (isReached) => this.#reached(isReached),
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** PEM of the authority that signed its certificate. */
  get caPem(): string {
    return this.#identity?.caPem ?? '';
  }

  /** Its sessions and server connections now. */
  get counts(): { sessions: number; pinned: number; servers: number; waiting: number } {
    const pinned = [...this.#sessions].filter((one) => one.isPinned).length;
    const { size: servers, waiting } = this.#pool;
    return { sessions: this.#sessions.size, pinned, servers, waiting };
  }

  /** @throws what asking the server throws: it must be there at first */
  async open(): Promise<void> {
    const { cluster, clock, protocol } = this.#options;
    const { authority } = cluster.identity;
    this.#identity = await makeIdentity([this.name], clock.anchor.wallClock, authority);
    await protocol.learn(this.#host());
    await this.#listener.choosePort(rng(newSeed(), 'ports'));
    this.#watchLater();
  }

  /** Ends its clients and its server connections, and tells what there was. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch?.cancel();
    await this.#listener.close();
    this.#tale.end();
    for (const session of this.#sessions) session.end('closed');
    this.#pool.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #accept(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    if (this.#sockets.size > clientsMax) {
      resetConnection(socket);
      return;
    }
    const host = this.#host();
    const admitted = await this.#options.protocol.greet(socket, host);
    if (admitted === undefined) return;
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const session = new PooledSession<S>({
      ...admitted,
      clock: this.#options.clock,
      pool: this.#pool,
      onPinned: (reason) => this.#pinned(reason),
      onClosed: (closed, fate) => this.#closed(closed, fate),
    });
    this.#sessions.add(session);
  }

  #host(): PoolingHost<S> {
    const { clock, settings } = this.#options;
    const identity = this.#identity;
    if (identity === undefined) throw new Error('the pooling endpoint is not open');
    return {
      ...{ clock, identity, pool: this.#pool, target: () => this.#writer() },
      greetingMsMax: settings.borrowTimeoutMs + greetingMsMin,
    };
  }

  #pinned(reason: PinReason): void {
    this.#tale.pinned(reason);
  }

  #closed(session: PooledSession<S>, fate: SessionFate): void {
    this.#sessions.delete(session);
    if (!this.#isClosed) this.#tale.ended(fate);
  }

  /** Whoever has nothing under way when the writer goes away is kept. */
  #reached(isReached: boolean): void {
    if (this.#isClosed) return;
    if (isReached) this.#tale.back(this.#pool.takeWaits(), this.#sessions.size);
    else {
      this.#pool.takeWaits();
      this.#tale.away([...this.#sessions].filter((one) => one.isIdle).length);
    }
  }

  #watchLater(): void {
    this.#watch = this.#options.clock.timer(watchMs, () => {
      this.#follow();
      this.#endIdle();
      this.#watchLater();
    });
  }

  /** As the cluster's record says at this moment. */
  #writer(): ServerAddress {
    return writerOf(this.#options.cluster, this.#target);
  }

  /** The cluster has another writer: what is under way at the one before is cancelled. */
  #follow(): void {
    const now = this.#writer();
    if (targetName(now) === targetName(this.#target)) return;
    this.#target = now;
    for (const session of [...this.#sessions])
      if (session.target !== undefined && session.target !== targetName(now)) session.cancel();
    this.#pool.retarget();
  }

  #endIdle(): void {
    const { clock, settings } = this.#options;
    const limitNs = clock.nowNs() - settings.idleClientTimeoutMs * 1e6;
    for (const session of [...this.#sessions]) {
      const { idleSinceNs } = session;
      if (idleSinceNs !== undefined && idleSinceNs < limitNs) session.end('idle-timeout');
    }
  }
}

/** The instance's own address, past the name that leads to it. @param before while there is none */
function writerOf(cluster: ClusterRecord, before?: ServerAddress): ServerAddress {
  const writer = cluster.instances.find(({ role }) => role === 'writer');
  if (writer === undefined) {
    if (before === undefined) throw new Error(`${cluster.identifier} has no writer`);
    return before;
  }
  const { host, port } = writer.address;
  return { host, port };
}
