import type { FaultKind } from './fault.js';

/**
 * Nothing passes in either direction and nothing is closed. When it ends, what was sent arrives,
 * as TCP would send it again. A dial is accepted by the local system but never answered.
 */
export const blackHole: FaultKind = {
  name: 'black-hole',
  what: 'nothing passes and nothing closes; what was sent arrives when it ends',
  value: null,
  begin: () => ({
    name: 'black-hole',
    onChunk: () => ({ blocked: true }),
    onConnect: () => 'silence',
  }),
};
