/** Every benchmark, in the order in which they run. */
import { endpointTps } from './endpoint-tps.js';
import type { Bench } from './figure.js';

export const benches: readonly Bench[] = [endpointTps];
