/**
 * The faults of a cluster, by name: its own, and those of its endpoints. To add one: a file beside
 * this, and a line here.
 */
import { faultKinds } from '../../endpoint/faults/index.js';
import { atEndpoints } from './at-endpoints.js';
import type { ClusterFaultKind } from './fault.js';
import { flappingDns, staleDns } from './names.js';
import { applyLag, brokenReplication, lag, partition } from './replication.js';
import { crash, engineRestart, freeze } from './servers.js';
import { slowStart } from './slow-start.js';
import { storm } from './storm.js';

export const clusterFaultKinds: readonly ClusterFaultKind[] = [
  ...faultKinds.map(atEndpoints),
  engineRestart,
  crash,
  freeze,
  slowStart,
  lag,
  applyLag,
  partition,
  brokenReplication,
  staleDns,
  flappingDns,
  storm,
];
