/** Why a failover ends a session, and where each reason is documented or was observed. */
import type { EndedOnTheWay } from '../fates.js';

const highAvailability = 'AuroraUserGuide/Concepts.AuroraHighAvailability.html';
const psqlLog = 'a published log of psql through an Aurora PostgreSQL failover';
const rePost = 'AWS re:Post: clients receive no traffic from the old writer';

export const failoverReasons = {
  'writer-lost': `the writer was ended for a failover, its sessions with it (observed: ${psqlLog})`,
  'writer-fenced':
    'the writer was fenced off: it neither answers nor closes, the client must time out by ' +
    `itself (observed: ${rePost})`,
  promoted: `the reader that is promoted restarts (documented: ${highAvailability})`,
  'server-connection-lost': 'its server connection ended during the failover (this rehearsal)',
  'broken-by-fault':
    'a fault of this rehearsal broke its connection during the failover (this rehearsal)',
} as const;

export type FailoverReason = Exclude<keyof typeof failoverReasons, EndedOnTheWay>;
