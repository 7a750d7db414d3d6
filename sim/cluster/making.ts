/** Puts servers behind endpoints: the writer's, and those of the members that follow it. */
import type { Identity } from '../endpoint/certificate.js';
import { Endpoint } from '../endpoint/endpoint.js';
import { EndpointName } from '../endpoint/endpoint-name.js';
import { identityParameter } from '../engine/postgres/topology.js';
import { rng } from '../rng.js';
import type { EngineName, Server } from '../server/server.js';
import type { Doorway, InstanceRole, SimOptions } from '../sim.js';
import { Instance } from './instance.js';
import { type Member, memberOf } from './member.js';
import type { Followers } from './replication/followers.js';

/** How long a new member may take to have all that the writer has. */
const catchUpMsMax = 60_000;

/** As the console names the instances of a cluster. */
export function memberName(identifier: string, ordinal = 1): string {
  return `${identifier}-instance-${ordinal}`;
}

export interface MakingParts {
  readonly sim: SimOptions;
  readonly followers: Followers;
  readonly cluster: string;
  readonly domain: string;
  /** Goes before the number of a session. */
  readonly sessionPrefix: string;
}

/** The making of one cluster's instances. */
export class Making {
  readonly #parts: MakingParts;
  readonly #copies: Server[] = [];
  readonly #made: Instance[] = [];
  #sessions = 0;

  constructor(parts: MakingParts) {
    this.#parts = parts;
  }

  /**
   * Copies of the writer, one after the other, each of which follows it and has all it has.
   * @param writer of this cluster or, for a secondary of a global one, of its primary
   * @param first the ordinal of the first of them
   */
  async followersOf(
    writer: Instance,
    roles: readonly InstanceRole[],
    identity: Identity,
    first: number,
  ): Promise<Instance[]> {
    const { followers } = this.#parts;
    if (roles.length > 0) await followers.prepare(writer);
    for (const [index, role] of roles.entries()) {
      const ordinal = first + index;
      const copy = await this.#copyOf(writer, ordinal);
      const instance = await this.instance(copy, memberOf(copy), role, ordinal, identity);
      this.#made.push(instance);
      await followers.follow(instance, writer);
    }
    const { replication } = followers;
    await Promise.all(this.#made.map((one) => replication.catchUp(one, writer, catchUpMsMax)));
    return this.#made;
  }

  /** Removes what was copied, where the cluster could not be made. */
  async undo(): Promise<void> {
    await Promise.all(this.#made.map((one) => this.#parts.followers.forget(one)));
    await Promise.all(this.#copies.map((copy) => copy.remove()));
  }

  /** A started server in front of which nobody stands yet gets its endpoint. */
  async instance(
    server: Server,
    member: Member,
    role: InstanceRole,
    ordinal: number,
    identity: Identity,
  ): Promise<Instance> {
    const { sim, cluster, domain, sessionPrefix } = this.#parts;
    const identifier = memberName(cluster, ordinal);
    await member.started();
    const endpoint = new Endpoint({
      name: `${identifier}.${domain}`,
      instance: identifier,
      clock: sim.clock,
      emit: sim.emit,
      stream: rng(sim.seed, ordinal === 1 ? 'endpoint' : `endpoint ${ordinal}`),
      identity,
      listeners: [{ label: identifier }],
      target: server.address,
      protocol: member.protocol(sim.clock),
      onSession: (session) => instance.holder?.sessionBegan(session, instance),
      nextSession: () => `${sessionPrefix}${++this.#sessions}`,
    });
    const { clock, emit } = sim;
    const own = { identifier, cluster, role, clock, emit };
    const instance = new Instance({ ...own, server, member, endpoint });
    return instance;
  }

  /** A started copy of the writer, which comes up to follow it. */
  async #copyOf(writer: Instance, ordinal: number): Promise<Server> {
    const { sim, cluster, followers } = this.#parts;
    const name = memberName(cluster, ordinal);
    const parameters = {
      ...followers.replication.parametersOf(ordinal),
      ...identityOf(writer.server.spec.engine, name),
    };
    const snapshot = await writer.server.snapshot();
    try {
      const copy = await sim.provider.restore(snapshot, name, parameters);
      this.#copies.push(copy);
      await copy.start({ standby: true });
      return copy;
    } finally {
      await snapshot.remove();
    }
  }
}

/** Parameters by which a server knows which member it is: Postgres alone can be asked for it. */
export function identityOf(engine: EngineName, identifier: string): Record<string, string> {
  return engine === 'postgres' ? { [identityParameter]: identifier } : {};
}

/** The names that clients dial: readers' leads to a reader where there is one. */
export function namesFor(
  { clock, emit }: SimOptions,
  names: { readonly writer: string; readonly reader: string },
  instances: readonly Instance[],
  doorway: Doorway | undefined,
): EndpointName[] {
  const writer = instances[0] as Instance;
  const reader = instances.find(({ role }) => role === 'reader') ?? writer;
  const common = { clock, emit };
  return [
    new EndpointName({ ...common, name: names.writer, label: 'writer', leadsTo: writer.endpoint }),
    new EndpointName({ ...common, name: names.reader, label: 'reader', leadsTo: reader.endpoint }),
    ...(doorway === undefined
      ? []
      : [
          new EndpointName({
            ...{ ...common, name: names.writer, label: 'doorway', gate: doorway },
            leadsTo: writer.endpoint,
          }),
        ]),
  ];
}
