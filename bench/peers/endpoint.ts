/** The endpoint alone in a process, as it is in a run. A program of its own. */
import { systemClock } from '../../sim/clock.js';
import { openEndpoint } from './open-endpoint.js';
import type { PeerOrder } from './peer.js';

process.once('message', async (order: PeerOrder) => {
  const endpoint = await openEndpoint(systemClock(), order);
  process.send?.(endpoint.port('writer'));
});
process.once('disconnect', () => process.exit(0));
