/** A cluster record with its one member: statuses, endpoint, server, and what it tells. */
import type { Clock } from '../clock.js';
import type { FilledDatabase } from '../database/own-database.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import type { Session } from '../endpoint/session.js';
import { sessionKindOf } from '../endpoint/session-kind.js';
import type { CheckData, Emit, NoteData, SessionData } from '../events.js';
import type { Told } from '../operations/zero-downtime-patch/messages.js';
import type { AdminLogin, EngineName, Server, ServerAddress } from '../server/server.js';
import { readClusterVersion } from '../server/versions.js';
import type {
  Cluster,
  ClusterEngine,
  ClusterSnapshot,
  DoorwayAddress,
  EndpointAddress,
  FaultRequest,
  Login,
} from '../sim.js';
import type { Member } from './member.js';
import { tellCall } from './tell-call.js';

/** Statuses of a cluster that this version knows (AuroraUserGuide, "Viewing DB cluster status"). */
export type ClusterStatus = 'creating' | 'available' | 'upgrading' | 'upgrade_failed';

export interface ClusterParts {
  readonly identifier: string;
  readonly engine: ClusterEngine;
  /** As AWS names it; default: what the server's version says. */
  readonly awsVersion?: string;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly server: Server;
  readonly member: Member;
  readonly endpoint: Endpoint;
  readonly names: { readonly writer: string; readonly reader: string };
  readonly doorway: DoorwayAddress | null;
  readonly caPem: string;
  readonly application: Login;
  readonly database: FilledDatabase | null;
  readonly instrument: Login;
  readonly pendingParameters: readonly string[];
}

export class ClusterRecord implements Cluster {
  readonly identifier: string;
  readonly engine: ClusterEngine;
  /** The identifier of its one member, as the console names a first instance. */
  readonly instance: string;
  readonly clock: Clock;
  readonly endpoint: Endpoint;
  readonly member: Member;
  readonly doorway: DoorwayAddress | null;
  readonly caPem: string;
  readonly application: Login;
  readonly database: FilledDatabase | null;
  readonly instrument: Login;
  readonly pendingParameters: readonly string[];
  readonly #names: ClusterParts['names'];
  readonly #server: Server;
  readonly #emit: Emit;
  /** Dropped sessions whose clients are not back, by kind. */
  readonly #dropped = new Map<string, number>();
  #status: ClusterStatus = 'creating';
  #awsVersion: string | undefined;
  #latestSnapshot: ClusterSnapshot | null = null;

  constructor(parts: ClusterParts) {
    this.identifier = parts.identifier;
    this.engine = parts.engine;
    this.instance = `${parts.identifier}-instance-1`;
    this.clock = parts.clock;
    this.endpoint = parts.endpoint;
    this.member = parts.member;
    this.#awsVersion = parts.awsVersion;
    this.doorway = parts.doorway;
    this.caPem = parts.caPem;
    this.application = parts.application;
    this.database = parts.database;
    this.instrument = parts.instrument;
    this.pendingParameters = parts.pendingParameters;
    this.#names = parts.names;
    this.#server = parts.server;
    this.#emit = parts.emit;
  }

  get status(): ClusterStatus {
    return this.#status;
  }

  get writer(): EndpointAddress {
    return { name: this.#names.writer, host: '127.0.0.1', port: this.endpoint.port('writer') };
  }

  get reader(): EndpointAddress {
    return { name: this.#names.reader, host: '127.0.0.1', port: this.endpoint.port('reader') };
  }

  /** What its member really is. */
  get server(): EngineName {
    return this.#server.spec.engine;
  }

  get serverAddress(): ServerAddress {
    return this.#server.address;
  }

  get serverAdmin(): AdminLogin {
    return this.#server.admin;
  }

  /** Whether its server can be used. */
  get serverRuns(): boolean {
    return this.#server.state === 'running';
  }

  /** The community version that its binaries are now. */
  get version(): string {
    return this.#server.version;
  }

  /** The engine version as AWS names it. */
  get awsVersion(): string {
    return this.#awsVersion ?? readClusterVersion(this.engine, this.#server.version).aws;
  }

  /** The cluster is patched. @param awsVersion default: what the server's version says */
  patchedTo(awsVersion: string | undefined): void {
    this.#awsVersion = awsVersion;
  }

  serverVersion(): Promise<{ version: string; versionText: string }> {
    return this.member.version();
  }

  /** The last one that was taken of it; null where none was. */
  get latestSnapshot(): ClusterSnapshot | null {
    return this.#latestSnapshot;
  }

  async snapshot(identifier: string): Promise<ClusterSnapshot> {
    const cluster = this.identifier;
    tellCall({ emit: this.#emit, clock: this.clock }, cluster, {
      action: 'CreateDBClusterSnapshot',
      parameters: { DBClusterIdentifier: cluster, DBClusterSnapshotIdentifier: identifier },
    });
    const stored = await this.#server.snapshot();
    const { engine, awsVersion, application, instrument } = this;
    const logins = { application, instrument };
    const { frozen } = stored;
    this.#latestSnapshot = { identifier, cluster, engine, awsVersion, ...logins, frozen, stored };
    this.#tellFrozen(frozen);
    return this.#latestSnapshot;
  }

  injectFault(fault: FaultRequest): { end(): void } {
    return this.endpoint.injectFault(fault.name, fault.value);
  }

  setStatus(status: ClusterStatus): void {
    this.#status = status;
    const atNs = this.clock.nowNs();
    for (const name of ['cluster.status', 'instance.status'] as const)
      this.#emit({
        atNs,
        clock: 'control',
        kind: 'gauge',
        subject: name === 'cluster.status' ? this.#cluster : this.#member,
        data: { name, value: status, unit: null },
      });
  }

  /** Tells an event as AWS would. */
  tell(told: Told): void {
    this.#emit({
      atNs: this.clock.nowNs(),
      clock: 'control',
      kind: 'event',
      subject: told.source === 'cluster' ? this.#cluster : this.#member,
      data: {
        source: told.source,
        message: told.message,
        eventId: told.eventId,
        categories: [...told.categories],
        modelled: true,
      },
    });
  }

  note(level: NoteData['level'], code: string, text: string): void {
    this.#emit({
      atNs: this.clock.nowNs(),
      clock: 'harness',
      kind: 'note',
      subject: this.#cluster,
      data: { level, code, text },
    });
  }

  /** Tells that a duration of the timing table is used: those that are not shape nothing. */
  tellDuration(name: string, valueMs: number): void {
    this.#emit({
      atNs: this.clock.nowNs(),
      clock: 'harness',
      kind: 'gauge',
      subject: this.#cluster,
      data: { name: `duration.${name}`, value: valueMs, unit: 'ms' },
    });
  }

  /** Tells what a named check of the runbook found. */
  tellCheck(check: CheckData): void {
    const { when, name, state, detail } = check;
    this.#emit({
      atNs: this.clock.nowNs(),
      clock: 'harness',
      kind: 'note',
      subject: this.#cluster,
      data: {
        level: state === 'ok' ? 'info' : 'warning',
        code: 'check',
        text: `${when}, ${name}: ${state}: ${detail}`,
        check,
      },
    });
  }

  tellSession(session: Session, data: SessionData): void {
    if (data.stage === 'dropped')
      this.#dropped.set(data.sessionKind, (this.#dropped.get(data.sessionKind) ?? 0) + 1);
    this.#emit({
      atNs: this.clock.nowNs(),
      clock: 'client',
      kind: 'session',
      subject: {
        endpoint: this.endpoint.name,
        listener: session.listener,
        session: session.id,
      },
      data,
    });
  }

  async stopServer(): Promise<void> {
    await this.member.admin.disconnect();
    const times = await this.#server.stop('fast');
    this.#serverState('stopping', times.beginNs);
    this.#serverState('stopped', times.endNs);
  }

  /** @throws UserError `ENGINE_START_FAILED` */
  async startServer(version: string): Promise<void> {
    const times = await this.#server.start({ version });
    await this.member.started();
    this.#serverState('starting', times.beginNs);
    this.#serverState('accepting', times.acceptingNs);
  }

  /**
   * Told of every new session: one like a session that was dropped is its client come back.
   * A client is known by its kind alone, so that two of a kind may stand for each other.
   */
  sessionBegan(session: Session): void {
    const kind = sessionKindOf(session.owner.applicationName);
    const away = this.#dropped.get(kind.sessionKind) ?? 0;
    if (away === 0) return;
    this.#dropped.set(kind.sessionKind, away - 1);
    this.tellSession(session, { stage: 'reconnected', ...kind, reason: null, detail: null });
  }

  /** Ends its endpoint and its server. */
  async close(): Promise<void> {
    await this.endpoint.close();
    await this.member.admin.disconnect();
    await this.#server.remove();
  }

  #tellFrozen({ fromNs, toNs }: ClusterSnapshot['frozen']): void {
    for (const [atNs, value] of [
      [fromNs, 1],
      [toNs, 0],
    ] as const)
      this.#emit({
        atNs,
        clock: 'harness',
        kind: 'gauge',
        subject: this.#member,
        data: { name: 'server.frozen', value, unit: null },
      });
  }

  get #cluster(): { cluster: string } {
    return { cluster: this.identifier };
  }

  get #member(): { cluster: string; instance: string } {
    return { cluster: this.identifier, instance: this.instance };
  }

  #serverState(value: 'stopping' | 'stopped' | 'starting' | 'accepting', atNs: number): void {
    this.#emit({
      atNs,
      clock: 'engine',
      kind: 'gauge',
      subject: this.#member,
      data: { name: 'server.state', value, unit: null },
    });
  }
}
