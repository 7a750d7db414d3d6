import type { FaultKind } from './fault.js';

/** Every session is reset once, and dials are reset while it lasts. */
export const reset: FaultKind = {
  name: 'reset',
  what: 'resets every session, and every new connection while it lasts',
  value: null,
  begin: () => ({
    name: 'reset',
    onConnect: () => 'reset',
    onBegin: (endpoint) => {
      for (const session of endpoint.sessions) session.reset();
    },
  }),
};
