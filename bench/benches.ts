/** Every benchmark, in the order in which they run. */
import { bookkeeping } from './bookkeeping.js';
import { endpointTps } from './endpoint-tps.js';
import type { Bench } from './figure.js';
import { firstQuery } from './first-query.js';
import { judgedHistory } from './judged-history.js';
import { parkedSessions } from './parked-sessions.js';
import { probeAccuracy } from './probe-accuracy.js';
import { probeRealtime } from './probe-realtime.js';
import { wholeRun } from './whole-run.js';

export const benches: readonly Bench[] = [
  endpointTps,
  bookkeeping,
  parkedSessions,
  firstQuery,
  wholeRun,
  probeAccuracy,
  probeRealtime,
  judgedHistory,
];
