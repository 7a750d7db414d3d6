/** Makes a cluster: a started server, its roles, and the endpoint in front of it. */
import { randomBytes } from 'node:crypto';
import { requireOffered } from '../database/require-offered.js';
import { makeIdentity } from '../endpoint/certificate.js';
import { Endpoint } from '../endpoint/endpoint.js';
import { rng } from '../rng.js';
import type { ClusterOptions, SimOptions } from '../sim.js';
import { ClusterRecord } from './cluster.js';
import { memberOf } from './member.js';
import { applicationLogin, fillingOf } from './own-content.js';

/** Looks like an AWS account's part of an endpoint name; it resolves nowhere. */
const nameSuffix = 'rehearsal0000.eu-central-1.rds.amazonaws.com';

/**
 * Creates the cluster and waits until it is available.
 * @throws UserError what the provider throws
 */
export async function createCluster(
  sim: SimOptions,
  options: ClusterOptions,
): Promise<ClusterRecord> {
  const { doorway } = sim;
  const names = {
    writer: `${options.identifier}.cluster-${nameSuffix}`,
    reader: `${options.identifier}.cluster-ro-${nameSuffix}`,
  };
  const filling = options.database === undefined ? null : fillingOf(sim, options.database);
  if (options.database !== undefined)
    await requireOffered(sim.provider, options.server, options.version, options.database.own.needs);
  const server = await sim.provider.create({
    name: `${options.identifier}-instance-1`,
    engine: options.server,
    version: options.version,
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    ...(filling === null ? {} : { content: filling.content }),
  });
  let record: ClusterRecord | undefined;
  try {
    const [identity] = await Promise.all([
      makeIdentity(
        [names.writer, names.reader, ...(doorway === undefined ? [] : [doorway.address.host])],
        sim.clock.anchor.wallClock,
      ),
      server.start(),
    ]);
    const member = memberOf(server);
    const ours = { ...applicationLogin, password: secret() };
    const database = member.instrumentDatabase === 'own' ? 'rehearse' : ours.database;
    const instrument = { user: 'rehearse', password: secret(), database };
    await member.createLogins(ours, instrument, options.userLike);
    const filled = filling === null ? null : await filling.filled(member, ours);
    const application = { ...ours, database: filled?.opens ?? ours.database };
    await member.started();
    const endpoint = new Endpoint({
      name: names.writer,
      clock: sim.clock,
      emit: sim.emit,
      stream: rng(sim.seed, 'endpoint'),
      identity,
      listeners: [
        { label: 'writer' },
        { label: 'reader' },
        ...(doorway === undefined ? [] : [{ label: 'doorway', gate: doorway }]),
      ],
      target: server.address,
      protocol: member.protocol(sim.clock),
      onSession: (session) => record?.sessionBegan(session),
    });
    await endpoint.open();
    record = new ClusterRecord({
      identifier: options.identifier,
      engine: options.engine,
      ...(options.awsVersion === undefined ? {} : { awsVersion: options.awsVersion }),
      clock: sim.clock,
      emit: sim.emit,
      server,
      member,
      endpoint,
      names,
      doorway: doorway?.address ?? null,
      caPem: identity.caPem,
      application,
      database: filled?.database ?? null,
      instrument,
      pendingParameters: options.pendingParameters ?? [],
    });
    record.setStatus('available');
    return record;
  } catch (error) {
    await server.remove();
    throw error;
  }
}

function secret(): string {
  return randomBytes(18).toString('base64url');
}
