import type { FaultKind } from './fault.js';

/** A share of the sessions is reset once; which ones, the seed decides. */
export const dropSessions: FaultKind = {
  name: 'drop-sessions',
  what: 'resets this share of the sessions, once; the seed decides which',
  value: { unit: 'share', example: '50%', valueMax: 1 },
  begin: (share) => ({
    name: 'drop-sessions',
    onBegin: (endpoint) => {
      const count = Math.round(endpoint.sessions.length * share);
      for (const session of endpoint.stream.shuffle(endpoint.sessions).slice(0, count))
        session.reset();
    },
  }),
};
