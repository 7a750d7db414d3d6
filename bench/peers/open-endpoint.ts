/** An endpoint in front of a server, in whatever process asks for it. */
import type { Clock } from '../../sim/clock.js';
import { makeIdentity } from '../../sim/endpoint/certificate.js';
import { Endpoint } from '../../sim/endpoint/endpoint.js';
import { PostgresProtocol } from '../../sim/endpoint/postgres/protocol.js';
import { Admin } from '../../sim/engine/postgres/admin.js';
import { verifierOf } from '../../sim/engine/postgres/roles.js';
import { rng } from '../../sim/rng.js';
import type { PeerOrder } from './peer.js';

export async function openEndpoint(
  clock: Clock,
  { target, admin: login }: Pick<PeerOrder, 'target' | 'admin'>,
): Promise<Endpoint> {
  const admin = new Admin(target, login);
  const endpoint = new Endpoint({
    name: 'bench',
    clock,
    emit: () => undefined,
    stream: rng('bench', 'endpoint'),
    identity: await makeIdentity(['bench'], clock.anchor.wallClock),
    listeners: [{ label: 'writer' }],
    target,
    protocol: new PostgresProtocol({ clock, verifier: (user) => verifierOf(admin, user) }),
  });
  await endpoint.open();
  return endpoint;
}
