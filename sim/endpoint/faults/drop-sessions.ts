import type { FaultKind } from './fault.js';
import { isOf } from './sessions-of.js';

/** A share of the sessions is reset once; which ones, the seed decides. */
export const dropSessions: FaultKind = {
  name: 'drop-sessions',
  what: 'resets this share of the sessions, once; the seed decides which',
  value: { unit: 'share', example: '50%', valueMax: 1 },
  takesSessions: true,
  begin: (share, sessions) => ({
    name: 'drop-sessions',
    onBegin: (endpoint) => {
      const some = endpoint.sessions.filter(({ owner }) => isOf(sessions, owner));
      for (const session of endpoint.stream.shuffle(some).slice(0, Math.round(some.length * share)))
        session.reset();
    },
  }),
};
