import type { FaultKind } from './fault.js';

/** Every chunk arrives later, in order: half of the delay each way. */
export const latency: FaultKind = {
  name: 'latency',
  what: 'adds this much to every round trip, half in each direction',
  value: { unit: 'ms', example: '20ms', valueMax: 60_000 },
  begin: (roundTripMs) => ({
    name: 'latency',
    onChunk: () => ({ delayMs: roundTripMs / 2 }),
  }),
};
