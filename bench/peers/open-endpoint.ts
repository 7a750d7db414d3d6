/** An endpoint in front of a server, in whatever process asks for it. */
import type { Clock } from '../../sim/clock.js';
import { makeIdentity } from '../../sim/endpoint/certificate.js';
import { Endpoint } from '../../sim/endpoint/endpoint.js';
import { MysqlProtocol } from '../../sim/endpoint/mysql/protocol.js';
import { PostgresProtocol } from '../../sim/endpoint/postgres/protocol.js';
import type { Protocol } from '../../sim/endpoint/protocol.js';
import { verifierOf as mysqlVerifierOf } from '../../sim/engine/mysql/accounts.js';
import { MysqlAdmin } from '../../sim/engine/mysql/admin.js';
import { Admin } from '../../sim/engine/postgres/admin.js';
import { verifierOf } from '../../sim/engine/postgres/roles.js';
import { rng } from '../../sim/rng.js';
import type { PeerOrder } from './peer.js';

export async function openEndpoint(
  clock: Clock,
  order: Pick<PeerOrder, 'engine' | 'target' | 'admin'>,
): Promise<Endpoint> {
  const endpoint = new Endpoint({
    name: 'bench',
    clock,
    emit: () => undefined,
    stream: rng('bench', 'endpoint'),
    identity: await makeIdentity(['bench'], clock.anchor.wallClock),
    listeners: [{ label: 'writer' }],
    target: order.target,
    protocol: protocolOf(clock, order),
  });
  await endpoint.open();
  return endpoint;
}

/** As a cluster's member has it. */
function protocolOf(
  clock: Clock,
  { engine, target, admin: login }: Pick<PeerOrder, 'engine' | 'target' | 'admin'>,
): Protocol {
  if (engine === 'postgres') {
    const admin = new Admin(target, login);
    return new PostgresProtocol({ clock, verifier: (user) => verifierOf(admin, user) });
  }
  const admin = new MysqlAdmin(target, login);
  return new MysqlProtocol({
    clock,
    verifier: (user) => mysqlVerifierOf(admin, engine, user),
  });
}
