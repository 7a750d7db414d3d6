/** What commands of a scenario find: the application's login, in the variables of `--access`. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../sim/sim.js';
import { accessVariables } from './access-variables.js';
import { writeNew } from './files.js';

export interface StepSurroundings {
  readonly environment: (cluster: Cluster) => Readonly<Record<string, string>>;
  /** Takes the files away again. */
  end(): void;
}

/** @param folder the run's: certificates are kept there for as long as the run lasts */
export function stepSurroundings(folder: string): StepSurroundings {
  const written = new Set<string>();
  return {
    environment: (cluster) => {
      const certificate = join(folder, `${cluster.identifier}.ca.pem`);
      if (!written.has(certificate)) writeNew(certificate, cluster.caPem);
      written.add(certificate);
      return accessVariables(cluster, certificate);
    },
    end: () => {
      for (const certificate of written) rmSync(certificate, { force: true });
    },
  };
}
