/** What commands of a scenario find: the application's login, in the variables of `--access`. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../sim/sim.js';
import { accessVariables } from './access-variables.js';
import { writeNew } from './files.js';

export interface StepSurroundings {
  readonly environment: (cluster: Cluster) => Readonly<Record<string, string>>;
  /** Takes the file away again. */
  end(): void;
}

/** @param folder the run's: a certificate is kept there for as long as the run lasts */
export function stepSurroundings(folder: string): StepSurroundings {
  const certificate = join(folder, 'authority.pem');
  let isWritten = false;
  return {
    environment: (cluster) => {
      if (!isWritten) writeNew(certificate, cluster.caPem);
      isWritten = true;
      return accessVariables(cluster, certificate);
    },
    end: () => {
      if (isWritten) rmSync(certificate, { force: true });
    },
  };
}
