/** The registry: every rehearsal there is. Adding one is adding its file and a line here. */
import type { Scenario } from '../harness/scenario.js';
import { auroraFailover } from './aurora-failover.js';
import { auroraGlobalMinorUpgrade } from './aurora-global-minor-upgrade.js';
import { auroraMysqlZdp } from './aurora-mysql-zdp.js';
import { auroraPostgresZdp } from './aurora-postgres-zdp.js';
import { blueGreen, blueGreenMajor } from './blue-green.js';
import { blueGreenSelfManaged } from './blue-green-self-managed.js';
import { rdsMajorInPlace } from './rds-major-in-place.js';
import { rdsMinorInPlace } from './rds-minor-in-place.js';
import { rdsMultiAzFailover } from './rds-multi-az-failover.js';
import { readOnlyWindow } from './read-only-window.js';
import { reboot } from './reboot.js';
import { rebootWithFailover } from './reboot-with-failover.js';
import { replicaSchemaChange } from './replica-schema-change.js';

export const scenarios: readonly Scenario[] = [
  auroraPostgresZdp,
  auroraMysqlZdp,
  auroraFailover,
  rdsMultiAzFailover,
  reboot,
  rebootWithFailover,
  auroraGlobalMinorUpgrade,
  rdsMinorInPlace,
  rdsMajorInPlace,
  readOnlyWindow,
  replicaSchemaChange,
  blueGreen,
  blueGreenMajor,
  blueGreenSelfManaged,
];
