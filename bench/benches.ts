/** Every benchmark, in the order in which they run. */
import { blueGreenOverhead } from './blue-green-overhead.js';
import { bookkeeping } from './bookkeeping.js';
import { clusterStart } from './cluster-start.js';
import { endpointTps } from './endpoint-tps.js';
import { endpointTpsMariadb, endpointTpsMysql } from './endpoint-tps-mysql.js';
import type { Bench } from './figure.js';
import { firstQuery } from './first-query.js';
import { htmlReport } from './html-report.js';
import { judgedHistory } from './judged-history.js';
import { observerLateness } from './observer-lateness.js';
import { parkedSessions } from './parked-sessions.js';
import { probeAccuracy } from './probe-accuracy.js';
import { probeRealtime } from './probe-realtime.js';
import { serverStart } from './server-start.js';
import { wholeRun } from './whole-run.js';

export const benches: readonly Bench[] = [
  endpointTps,
  endpointTpsMysql,
  endpointTpsMariadb,
  bookkeeping,
  parkedSessions,
  firstQuery,
  serverStart,
  clusterStart,
  wholeRun,
  blueGreenOverhead,
  probeAccuracy,
  probeRealtime,
  observerLateness,
  judgedHistory,
  htmlReport,
];
