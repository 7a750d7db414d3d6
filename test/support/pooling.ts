/** A pooling endpoint in front of a test's cluster. */

import { systemClock } from '../../sim/clock.js';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { SimEvent } from '../../sim/events.js';
import { openPooling } from '../../sim/pooling/put-through.js';
import type { ThroughPooling } from '../../sim/pooling/through.js';
import type { Cluster } from '../../sim/sim.js';

export type Pooling = Awaited<ReturnType<typeof openPooling>>;

export function pooling(
  cluster: Cluster,
  told: SimEvent[],
  settings: Partial<ThroughPooling> = {},
): Promise<Pooling> {
  const parts = {
    clock: systemClock(),
    emit: (event: SimEvent) => void told.push(event),
    cluster: cluster as ClusterRecord,
  };
  return openPooling(parts, {
    kind: 'rds-proxy',
    connectionsMax: 10,
    borrowTimeoutMs: 20_000,
    idleClientTimeoutMs: 1_800_000,
    ...settings,
  });
}

/** Codes of notes and names of gauges that a pooling endpoint told, in order. */
export function poolingTold(told: readonly SimEvent[]): string[] {
  return told.flatMap(({ kind, data }) => {
    if (kind === 'note' && /^(pooling|session-pinned)/.test(data.code ?? ''))
      return [data.code ?? ''];
    if (kind === 'gauge' && data.name.startsWith('pooling.')) return [`${data.name} ${data.value}`];
    return [];
  });
}
