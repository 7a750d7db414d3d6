/** The volume that holds a server's data, and outlives its containers. */
import type { Clock } from '../../clock.js';
import type { Daemon } from './daemon.js';
import { DockerRefusal } from './daemon-errors.js';

/** @throws UserError `DOCKER_LOST`, `DOCKER_REFUSED` */
export async function makeVolume(
  daemon: Daemon,
  name: string,
  labels: Record<string, string>,
): Promise<void> {
  await daemon.call(`making the volume ${name}`, (abortSignal) =>
    daemon.docker.createVolume({ Name: name, Labels: labels, abortSignal }),
  );
}

/**
 * Removes it if it is there.
 * @throws UserError `DOCKER_LOST`, `DOCKER_REFUSED`
 */
export async function removeVolume(daemon: Daemon, name: string, clock: Clock): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await daemon.call(`removing the volume ${name}`, (abortSignal) =>
        daemon.docker.getVolume(name).remove({ abortSignal }),
      );
      return;
    } catch (error) {
      const status = error instanceof DockerRefusal ? error.statusCode : undefined;
      if (status === 404) return;
      // Its container goes, and has not quite gone.
      if (status !== 409 || tries >= 40) throw error;
      await clock.sleep(50);
    }
  }
}
