/** The endpoint alone in a process, as it is in a run. A program of its own. */
import { systemClock } from '../../sim/clock.js';
import { makeIdentity } from '../../sim/endpoint/certificate.js';
import { Endpoint } from '../../sim/endpoint/endpoint.js';
import { Admin } from '../../sim/engine/postgres/admin.js';
import { verifierOf } from '../../sim/engine/postgres/roles.js';
import { rng } from '../../sim/rng.js';
import type { PeerOrder } from './peer.js';

process.once('message', async ({ target, admin: login }: PeerOrder) => {
  const clock = systemClock();
  const admin = new Admin(target, login);
  const endpoint = new Endpoint({
    name: 'bench',
    clock,
    emit: () => undefined,
    stream: rng('bench', 'endpoint'),
    identity: await makeIdentity(['bench'], clock.anchor.wallClock),
    listeners: [{ label: 'writer' }],
    target,
    verifier: (user) => verifierOf(admin, user),
  });
  await endpoint.open();
  process.send?.(endpoint.port('writer'));
});
process.once('disconnect', () => process.exit(0));
