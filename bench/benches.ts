/** Every benchmark, in the order in which they run. */
import { endpointTps } from './endpoint-tps.js';
import type { Bench } from './figure.js';
import { firstQuery } from './first-query.js';
import { parkedSessions } from './parked-sessions.js';

export const benches: readonly Bench[] = [endpointTps, parkedSessions, firstQuery];
