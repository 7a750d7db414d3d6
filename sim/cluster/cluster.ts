/** A cluster record with its members: statuses, names that lead to them, and what it tells. */
import type { Clock } from '../clock.js';
import type { FilledDatabase } from '../database/own-database.js';
import type { Identity } from '../endpoint/certificate.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import type { EndpointName } from '../endpoint/endpoint-name.js';
import type { Session } from '../endpoint/session.js';
import { sessionKindOf } from '../endpoint/session-kind.js';
import type { CheckData, Emit, NoteData, SessionData } from '../events.js';
import type { Told } from '../operations/told.js';
import type { AdminLogin, EngineName, ServerAddress } from '../server/server.js';
import { readClusterVersion } from '../server/versions.js';
import type {
  Cluster,
  ClusterEngine,
  ClusterSnapshot,
  DoorwayAddress,
  EndpointAddress,
  FaultRequest,
  Login,
  RunningFault,
} from '../sim.js';
import { messageOf } from '../user-error.js';
import { ClientsAway } from './clients-away.js';
import { type ClusterStatus, instanceStatusOf } from './cluster-status.js';
import { RunningFaults } from './faults/running-faults.js';
import type { Instance, InstanceStatus } from './instance.js';
import type { Member } from './member.js';
import type { Followers } from './replication/followers.js';
import { tellCall } from './tell-call.js';
import { tellFrozen } from './tell-frozen.js';
import { publishTopology } from './topology/publish.js';

export interface ClusterParts {
  readonly identifier: string;
  readonly engine: ClusterEngine;
  /** As AWS names it; default: what the server's version says. */
  readonly awsVersion?: string;
  readonly clock: Clock;
  readonly emit: Emit;
  /** The writer first. */
  readonly instances: readonly Instance[];
  readonly followers: Followers;
  /** What clients dial, by label: `writer`, `reader`, `doorway`. */
  readonly names: readonly EndpointName[];
  readonly doorway: DoorwayAddress | null;
  /** What clients of its endpoints may verify. */
  readonly identity: Identity;
  readonly application: Login;
  readonly database: FilledDatabase | null;
  readonly instrument: Login;
  readonly pendingParameters: readonly string[];
  /** Whether clusters of their own may follow it. Default: they do not. */
  readonly takesReplicas?: boolean;
  /** The cluster of a global one that it is a secondary of. */
  readonly primary?: ClusterRecord;
}

export class ClusterRecord implements Cluster {
  readonly identifier: string;
  readonly engine: ClusterEngine;
  readonly clock: Clock;
  readonly followers: Followers;
  readonly doorway: DoorwayAddress | null;
  readonly identity: Identity;
  readonly application: Login;
  readonly database: FilledDatabase | null;
  readonly instrument: Login;
  /** Whether clusters of their own may follow it. */
  readonly takesReplicas: boolean;
  #pendingParameters: readonly string[];
  /** The cluster of a global one that it is a secondary of; null where it is none. */
  readonly primary: ClusterRecord | null;
  /** Those that go on in it. */
  readonly faults: RunningFaults;
  /** What clients dial. */
  readonly names: readonly EndpointName[];
  #instances: readonly Instance[] = [];
  readonly #emit: Emit;
  readonly #instanceOf = new WeakMap<Session, Instance>();
  readonly #away = new ClientsAway();
  #status: ClusterStatus = 'creating';
  #awsVersion: string | undefined;
  #latestSnapshot: ClusterSnapshot | null = null;
  #publishing: Promise<void> = Promise.resolve();

  constructor(parts: ClusterParts) {
    this.identifier = parts.identifier;
    this.engine = parts.engine;
    this.clock = parts.clock;
    this.followers = parts.followers;
    this.#awsVersion = parts.awsVersion;
    this.doorway = parts.doorway;
    this.identity = parts.identity;
    this.application = parts.application;
    this.database = parts.database;
    this.instrument = parts.instrument;
    this.takesReplicas = parts.takesReplicas ?? false;
    this.#pendingParameters = parts.pendingParameters;
    this.primary = parts.primary ?? null;
    this.names = parts.names;
    this.#emit = parts.emit;
    this.#hold(parts.instances);
    this.faults = new RunningFaults(this, parts.emit);
  }

  /** All of them, in the order in which they were made. */
  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** The one that takes writes now. A secondary cluster of a global one has none: an error. */
  get writerInstance(): Instance {
    return must(this.#writer, 'writer');
  }

  /** The writer; where there is none, the first reader. */
  get mainInstance(): Instance {
    return must(this.#writer ?? this.#instances[0], 'instance');
  }

  get readers(): readonly Instance[] {
    return this.#instances.filter(({ role }) => role === 'reader');
  }

  /** The endpoint of the main instance, as all that follows here asks of one. */
  get endpoint(): Endpoint {
    return this.mainInstance.endpoint;
  }

  get member(): Member {
    return this.mainInstance.member;
  }

  get instance(): string {
    return this.mainInstance.identifier;
  }

  /** A name that clients dial, by its label. */
  name(label: string): EndpointName {
    return must(
      this.names.find((one) => one.label === label),
      `name ${label}`,
    );
  }

  /** Lets the names that clients of the writer dial lead to that instance: what DNS does. */
  async leadWritersTo(instance: Instance): Promise<void> {
    const names = this.names.filter(({ label }) => label !== 'reader');
    await Promise.all(names.map((name) => name.leadTo(instance.endpoint)));
  }

  /**
   * Gives its instances to the other and takes those of it. Records and names stay, and lead to
   * where they led; what becomes of roles, names and statuses is told by who calls this.
   */
  exchangeInstances(other: ClusterRecord): void {
    const [mine, its] = [this.#instances, other.#instances];
    this.#hold(its);
    other.#hold(mine);
    // Names may be answered as before for a while: whoever left one may come back to the other.
    this.#away.shareWith(other.#away);
  }

  get caPem(): string {
    return this.identity.caPem;
  }

  get status(): ClusterStatus {
    return this.#status;
  }

  get writer(): EndpointAddress {
    return addressOf(this.name('writer'));
  }

  get reader(): EndpointAddress {
    return addressOf(this.name('reader'));
  }

  /** Names of changed parameters that wait for a reboot of the main instance. */
  get pendingParameters(): readonly string[] {
    return [...this.#pendingParameters, ...this.mainInstance.parameters.pending];
  }

  /** Its main instance was rebooted: none waits for it any more. */
  rebooted(): void {
    this.#pendingParameters = [];
  }

  /** What its members really are. */
  get server(): EngineName {
    return this.mainInstance.server.spec.engine;
  }

  get serverAddress(): ServerAddress {
    return this.mainInstance.server.address;
  }

  get serverAdmin(): AdminLogin {
    return this.mainInstance.server.admin;
  }

  /** Whether that server can be used. */
  get serverRuns(): boolean {
    return this.mainInstance.serverRuns;
  }

  /** The community version that its binaries are now. */
  get version(): string {
    return this.mainInstance.server.version;
  }

  /** The engine version as AWS names it. */
  get awsVersion(): string {
    return this.#awsVersion ?? readClusterVersion(this.engine, this.version).aws;
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
    const stored = await this.mainInstance.server.snapshot();
    const { engine, awsVersion, application, instrument } = this;
    const logins = { application, instrument };
    const { frozen } = stored;
    this.#latestSnapshot = { identifier, cluster, engine, awsVersion, ...logins, frozen, stored };
    tellFrozen(this.#emit, this.mainInstance, frozen);
    return this.#latestSnapshot;
  }

  injectFault(fault: FaultRequest): RunningFault {
    return this.faults.inject(fault);
  }

  /** @param ofInstances the same for those instances; default: the main one */
  setStatus(
    status: ClusterStatus,
    ofInstances: { status: InstanceStatus; instances: readonly Instance[] } | null = {
      status: instanceStatusOf(status),
      instances: [this.mainInstance],
    },
  ): void {
    this.#status = status;
    this.#emit({
      atNs: this.clock.nowNs(),
      clock: 'control',
      kind: 'gauge',
      subject: this.#cluster,
      data: { name: 'cluster.status', value: status, unit: null },
    });
    for (const instance of ofInstances?.instances ?? [])
      instance.setStatus(ofInstances?.status ?? 'available');
  }

  /** Tells an event as AWS would. @param instance whom one of an instance is about */
  tell(told: Told, instance: Instance = this.mainInstance): void {
    this.#emit({
      atNs: this.clock.nowNs(),
      clock: 'control',
      kind: 'event',
      subject: told.source === 'instance' ? instance.subject : this.#cluster,
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
    const instance = this.#instanceOf.get(session) ?? this.mainInstance;
    if (data.stage === 'dropped') this.#away.left(data.sessionKind);
    this.#emit({
      atNs: this.clock.nowNs(),
      clock: 'client',
      kind: 'session',
      subject: {
        endpoint: instance.endpoint.name,
        instance: instance.identifier,
        listener: session.listener,
        session: session.id,
      },
      data,
    });
  }

  /** Its servers tell clients of the members as they are now, as soon as they can. */
  membersChanged(): void {
    this.#publishing = this.#publishing
      .then(() => publishTopology(this))
      .catch((error: unknown) => {
        // One that is being stopped tells it when it is back.
        this.note('info', 'topology-not-told', `a server was not told: ${messageOf(error)}`);
      });
  }

  /** Told of every new session: one like a session that was dropped is its client come back. */
  sessionBegan(session: Session, instance: Instance): void {
    this.#instanceOf.set(session, instance);
    const kind = sessionKindOf(session.owner.applicationName);
    if (!this.#away.cameBack(kind.sessionKind)) return;
    this.tellSession(session, { stage: 'reconnected', ...kind, reason: null, detail: null });
  }

  /** Ends its names, its endpoints, its links and its servers. */
  async close(): Promise<void> {
    await this.faults.close();
    const ends = await Promise.allSettled([
      ...this.names.map((name) => name.close()),
      ...this.#instances.map((instance) => this.followers.forget(instance)),
      ...this.#instances.map((instance) => instance.close()),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #hold(instances: readonly Instance[]): void {
    this.#instances = instances;
    for (const instance of instances) instance.holder = this;
  }

  get #writer(): Instance | undefined {
    return this.#instances.find(({ role }) => role === 'writer');
  }

  get #cluster(): { cluster: string } {
    return { cluster: this.identifier };
  }
}

function addressOf({ name, port }: EndpointName): EndpointAddress {
  return { name, host: '127.0.0.1', port };
}

function must<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`the cluster has no ${what}`);
  return found;
}
