/** A network of the run's own, in which containers find each other by name. */
import type { Daemon } from './daemon.js';
import { DockerRefusal } from './daemon-errors.js';

export interface RunNetwork {
  readonly id: string;
  readonly name: string;
  /** The address of the Docker host in it: what a container dials to reach a listener there. */
  readonly gateway: string;
  /** Puts a container into it, known to the others under `aliases`. */
  attach(container: string, aliases: readonly string[]): Promise<void>;
  /** Takes a container out of it at once; its other networks and published ports stay. */
  detach(container: string): Promise<void>;
  /** Removes it; containers in it stay, without it. Safe to call twice. */
  remove(): Promise<void>;
}

/**
 * Makes a network.
 * @throws UserError `DOCKER_LOST`, `DOCKER_REFUSED`
 */
export async function makeNetwork(
  daemon: Daemon,
  name: string,
  labels: Record<string, string>,
): Promise<RunNetwork> {
  const { docker, client } = daemon;
  const made = await daemon.call(`making the network ${name}`, () =>
    client.network.create({ Name: name, Driver: 'bridge', Labels: labels, CheckDuplicate: true }),
  );
  const network = docker.getNetwork(made.id);
  const inspect = () => daemon.call(`looking at the network ${name}`, () => network.inspect());
  const { IPAM } = await inspect();
  const detach = (Container: string): Promise<void> =>
    daemon.call(`taking ${Container} out of the network ${name}`, (abortSignal) =>
      network.disconnect({ Container, Force: true, abortSignal }),
    );
  return {
    id: made.id,
    name,
    gateway: IPAM?.Config?.find(({ Gateway }) => Gateway !== undefined)?.Gateway ?? '',
    attach: (Container, Aliases) =>
      daemon.call(`putting ${Container} into the network ${name}`, () =>
        network.connect({ Container, EndpointConfig: { Aliases: [...Aliases] } }),
      ),
    detach,
    remove: async () => {
      try {
        for (const container of Object.keys((await inspect()).Containers ?? {}))
          await detach(container);
        await daemon.call(`removing the network ${name}`, (abortSignal) =>
          network.remove({ abortSignal }),
        );
      } catch (error) {
        if (!(error instanceof DockerRefusal && error.statusCode === 404)) throw error;
      }
    },
  };
}
