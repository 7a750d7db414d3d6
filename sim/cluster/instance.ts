/** One instance of a cluster: a real server, the endpoint in front of it, and its record. */
import type { Clock } from '../clock.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import type { Session } from '../endpoint/session.js';
import type { Emit } from '../events.js';
import type { Server, StartOptions, StopMode } from '../server/server.js';
import type { EndpointAddress, InstanceRole } from '../sim.js';
import type { Member } from './member.js';
import { InstanceParameters, ParameterGroup } from './parameters/parameter-group.js';

/** Statuses of an instance (AuroraUserGuide, "Viewing DB instance status"), as far as used here. */
export type InstanceStatus =
  | 'creating'
  | 'available'
  | 'backing-up'
  | 'deleting'
  | 'modifying'
  | 'rebooting'
  | 'starting'
  | 'stopping'
  | 'upgrading'
  | 'upgrade_failed';

export interface InstanceParts {
  readonly identifier: string;
  readonly cluster: string;
  readonly role: InstanceRole;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly server: Server;
  readonly member: Member;
  readonly endpoint: Endpoint;
}

/** The cluster record that an instance belongs to now. */
export interface InstanceHolder {
  readonly identifier: string;
  sessionBegan(session: Session, instance: Instance): void;
  membersChanged(): void;
}

export class Instance {
  readonly identifier: string;
  #server: Server;
  /** Those that stood for it before. */
  readonly #retired = new Set<Server>();
  #member: Member;
  /** Its own endpoint: whoever reaches the instance by whatever name has his session here. */
  readonly endpoint: Endpoint;
  readonly subject: { readonly cluster: string; readonly instance: string };
  readonly clock: Clock;
  /** Its parameter group, at first the default one, and what of that waits for a reboot. */
  readonly parameters: InstanceParameters;
  readonly #emit: Emit;
  /**
   * Whether it takes no writes behind a restart either, unless a parameter says that it does: old
   * blue of a blue/green deployment.
   */
  isRetired = false;
  /** None while its cluster is being made. */
  holder: InstanceHolder | undefined;
  #role: InstanceRole;
  #status: InstanceStatus = 'creating';

  constructor(parts: InstanceParts) {
    this.identifier = parts.identifier;
    this.#server = parts.server;
    this.#member = parts.member;
    this.endpoint = parts.endpoint;
    this.subject = { cluster: parts.cluster, instance: parts.identifier };
    this.clock = parts.clock;
    this.#emit = parts.emit;
    this.#role = parts.role;
    const byDefault = new ParameterGroup(`default.${parts.server.spec.engine}`);
    this.parameters = new InstanceParameters(byDefault, (status) =>
      this.#tell('parameters.status', status),
    );
    this.#tell('instance.role', parts.role);
  }

  get server(): Server {
    return this.#server;
  }

  get member(): Member {
    return this.#member;
  }

  /**
   * Another server with its data stands for it from now on, stopped or running; who dials its
   * endpoint comes there. The one before is removed with the instance: snapshots lie with it.
   */
  async replaceServer(server: Server, member: Member): Promise<void> {
    await this.#member.admin.disconnect();
    this.#retired.add(this.#server);
    this.#retired.delete(server);
    this.#server = server;
    this.#member = member;
    this.endpoint.setTarget(server.address, member.protocol(this.clock));
    if (!this.serverRuns) return;
    await member.started();
    this.#serverState('accepting', this.clock.nowNs());
  }

  get role(): InstanceRole {
    return this.#role;
  }

  set role(role: InstanceRole) {
    this.#role = role;
    this.#tell('instance.role', role);
    this.holder?.membersChanged();
  }

  get status(): InstanceStatus {
    return this.#status;
  }

  setStatus(status: InstanceStatus): void {
    this.#status = status;
    this.#tell('instance.status', status);
  }

  /** Where clients dial the instance itself. */
  get address(): EndpointAddress {
    const { name } = this.endpoint;
    return { name, host: '127.0.0.1', port: this.endpoint.port(this.identifier) };
  }

  /** Whether its server can be used. */
  get serverRuns(): boolean {
    return this.server.state === 'running';
  }

  async stopServer(mode: StopMode = 'fast'): Promise<void> {
    // What hinders it is told by the stop itself.
    if (mode !== 'kill' && this.serverRuns) {
      await this.member.stopping().catch(() => {});
      await this.parameters.store(this).catch(() => {});
    }
    await this.member.admin.disconnect();
    const times = await this.server.stop(mode);
    this.#serverState('stopping', times.beginNs);
    this.#serverState('stopped', times.endNs);
  }

  /**
   * @param options other binaries over the same data; whether it is to follow another server
   * @throws UserError `ENGINE_START_FAILED`
   */
  async startServer(options: StartOptions = {}): Promise<void> {
    const parameters = { ...this.parameters.atStart(this), ...options.parameters };
    const times = await this.server.start({ ...options, parameters });
    await this.member.started();
    this.parameters.rebooted();
    const staysRetired = this.isRetired && parameters.read_only !== '0';
    if (options.standby === true || staysRetired) await this.member.refuseWrites();
    this.#serverState('starting', times.beginNs);
    this.#serverState('accepting', times.acceptingNs);
    this.holder?.membersChanged();
  }

  /** Tells what its server is at, where no start or stop of it does. */
  tellServer(value: 'starting' | 'accepting'): void {
    this.#serverState(value, this.clock.nowNs());
  }

  /** Tells whether an operation lets its server take writes. */
  tellWrites(value: 'allowed' | 'refused'): void {
    this.#tell('instance.writes', value);
  }

  /** Ends its endpoint and its server. */
  async close(): Promise<void> {
    await this.endpoint.close();
    await this.member.admin.disconnect();
    await Promise.all([this.server, ...this.#retired].map((server) => server.remove()));
  }

  #serverState(value: 'stopping' | 'stopped' | 'starting' | 'accepting', atNs: number): void {
    this.#tell('server.state', value, atNs, 'engine');
  }

  #tell(
    name: string,
    value: string,
    atNs = this.clock.nowNs(),
    clock: 'control' | 'engine' = 'control',
  ): void {
    const data = { name, value, unit: null };
    this.#emit({ atNs, clock, kind: 'gauge', subject: this.subject, data });
  }
}
