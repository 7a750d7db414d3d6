/** An endpoint that refuses for given lengths of time and says when. A program of its own. */
import { type Anchor, systemClock } from '../../sim/clock.js';
import type { KnownOutage } from '../outages-known.js';
import { openEndpoint } from './open-endpoint.js';
import type { PeerOrder } from './peer.js';

export interface RefusingOrder extends PeerOrder {
  /** The instants told are on this clock. */
  readonly anchor: Anchor;
  /** Milliseconds of up and of down, in turns, from the second message on. */
  readonly turns: readonly { readonly upMs: number; readonly downMs: number }[];
}

process.once('message', async (order: RefusingOrder) => {
  const clock = systemClock(order.anchor);
  const endpoint = await openEndpoint(clock, order);
  process.once('message', async () => {
    const known: KnownOutage[] = [];
    for (const { upMs, downMs } of order.turns) {
      await clock.sleep(upMs);
      const beginNs = clock.nowNs();
      const fault = endpoint.injectFault('refuse');
      await settled();
      const begunNs = clock.nowNs();
      await clock.sleep(downMs);
      const endNs = clock.nowNs();
      fault.end();
      await settled();
      const unsureNs = Math.max(begunNs - beginNs, clock.nowNs() - endNs);
      known.push({ beginNs, endNs, unsureNs });
    }
    process.send?.(known);
  });
  process.send?.(endpoint.port('writer'));
});
process.once('disconnect', () => process.exit(0));

/** The port is as wanted after a turn of the event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
