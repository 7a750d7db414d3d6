/** A disk that answers late, as far as an endpoint can show it: a share of the answers is late. */
import type { Rng } from '../../rng.js';
import type { ClusterFaultKind } from './fault.js';

export interface SlowDisk {
  readonly kind: string;
  /** Of the chunks that servers send. */
  readonly share: number;
  /** How much later, drawn evenly between the two. */
  readonly minMs: number;
  readonly maxMs: number;
}

export function slowDisk({ kind: name, share, minMs, maxMs }: SlowDisk): ClusterFaultKind {
  return {
    name,
    what: 'a share of the answers comes later',
    value: null,
    meets: 'all',
    touches: 'clients',
    begin: ({ instances }) => {
      const running = instances.map(({ endpoint }) => {
        let stream: Rng | undefined;
        return endpoint.addFault({
          name,
          onBegin: (begun) => {
            stream = begun.stream;
          },
          onChunk: (_session, direction, bytes) => {
            if (direction === 'to-server' || bytes === 0 || stream === undefined) return {};
            if (stream.next() >= share) return {};
            return { delayMs: minMs + stream.next() * (maxMs - minMs) };
          },
        });
      });
      return {
        end: () => {
          for (const one of running) one.end();
        },
      };
    },
  };
}
