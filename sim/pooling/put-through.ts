/** Puts what a run asked for between clients and a cluster's writer. */

import type { Clock } from '../clock.js';
import type { ClusterRecord } from '../cluster/cluster.js';
import type { Member } from '../cluster/member.js';
import { verifierOf as mysqlVerifierOf } from '../engine/mysql/accounts.js';
import { verifierOf as postgresVerifierOf } from '../engine/postgres/roles.js';
import type { Emit } from '../events.js';
import { MysqlPooling } from './mysql/protocol.js';
import { startPooler } from './pooler-process.js';
import { PoolingEndpoint, type PoolingSettings } from './pooling-endpoint.js';
import { PostgresPooling } from './postgres/protocol.js';
import type { StandsBetween, Through, ThroughAddress, ThroughPooling } from './through.js';

export interface ThroughParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly cluster: ClusterRecord;
}

/** Where a server does not say how many connections it takes. */
const connectionsMaxElse = 100;

/**
 * Waits until clients can come.
 * @throws UserError `THROUGH_FAILED` where a program does not start; what asking the server throws
 */
export async function putThrough(parts: ThroughParts, through: Through): Promise<StandsBetween> {
  if (through.kind === 'command') return await startPooler(parts, through);
  return await openPooling(parts, through);
}

/** What was put before the writers of a world's clusters. */
export class Betweens {
  readonly #parts: Omit<ThroughParts, 'cluster'>;
  readonly #clusters: ReadonlyMap<string, ClusterRecord>;
  readonly #put = new Set<Promise<StandsBetween>>();

  constructor(parts: Omit<ThroughParts, 'cluster'>, clusters: ReadonlyMap<string, ClusterRecord>) {
    this.#parts = parts;
    this.#clusters = clusters;
  }

  /** @throws UserError `THROUGH_FAILED` */
  async put(identifier: string, through: Through): Promise<ThroughAddress> {
    const cluster = this.#clusters.get(identifier);
    if (cluster === undefined) throw new Error(`there is no cluster ${identifier}`);
    const between = putThrough({ ...this.#parts, cluster }, through);
    this.#put.add(between);
    return (await between).address;
  }

  /** Ends all of it; what is just being started is waited for. */
  async close(): Promise<void> {
    const put = await Promise.allSettled(this.#put);
    const ends = await Promise.allSettled(
      put.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** An endpoint that pools. @throws what asking the server throws */
export async function openPooling(
  { clock, emit, cluster }: ThroughParts,
  through: ThroughPooling,
): Promise<StandsBetween & { readonly counts: PoolingEndpoint<never>['counts'] }> {
  const { borrowTimeoutMs, idleClientTimeoutMs } = through;
  const connectionsMax = through.connectionsMax ?? (await connectionsOf(cluster.member));
  const settings = { connectionsMax, borrowTimeoutMs, idleClientTimeoutMs };
  const endpoint = endpointFor({ clock, emit, cluster }, settings);
  try {
    await endpoint.open();
  } catch (error) {
    await endpoint.close();
    throw error;
  }
  const { name, port, caPem } = endpoint;
  return {
    address: { name, host: '127.0.0.1', port, caPem },
    close: () => endpoint.close(),
    get counts() {
      return endpoint.counts;
    },
  };
}

type AnyEndpoint = Pick<
  PoolingEndpoint<never>,
  'name' | 'port' | 'caPem' | 'counts' | 'open' | 'close'
>;

function endpointFor(
  { clock, emit, cluster }: ThroughParts,
  settings: PoolingSettings,
): AnyEndpoint {
  const common = { name: nameFor(cluster), cluster, clock, emit, settings };
  return cluster.member.protocolName === 'postgres'
    ? new PoolingEndpoint({
        ...common,
        protocol: new PostgresPooling(clock, (user) => postgresVerifier(cluster.member, user)),
      })
    : new PoolingEndpoint({
        ...common,
        protocol: new MysqlPooling(clock, (user) => mysqlVerifier(cluster.member, user)),
      });
}

async function postgresVerifier(member: Member, user: string): Promise<string | null> {
  if (member.protocolName !== 'postgres') throw new Error('no Postgres');
  return await postgresVerifierOf(member.admin, user);
}

async function mysqlVerifier(member: Member, user: string): ReturnType<typeof mysqlVerifierOf> {
  if (member.protocolName !== 'mysql') throw new Error('no MySQL');
  return await mysqlVerifierOf(member.admin, member.flavour, user);
}

/** As AWS names the endpoint of an RDS Proxy. */
function nameFor({ identifier, writer }: ClusterRecord): string {
  return writer.name.replace(/^.*?\.cluster-/, `${identifier}.proxy-`);
}

async function connectionsOf(member: Member): Promise<number> {
  const value = Number(await member.parameters.value('max_connections'));
  return Number.isInteger(value) && value > 0 ? value : connectionsMaxElse;
}
