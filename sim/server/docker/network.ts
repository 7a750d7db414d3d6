/** A network of the run's own, in which containers find each other by name. */
import { UserError } from '../../user-error.js';
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

/** A network that somebody else made; it is joined, and stays. */
export interface FoundNetwork {
  readonly name: string;
  /** Puts a container into it, known to the others under `aliases`. */
  attach(container: string, aliases: readonly string[]): Promise<void>;
}

/**
 * Finds a network by its name, for a container of ours that is to be known there as `alias`.
 * @throws UserError `NETWORK_NOT_FOUND`, `NETWORK_UNSUITED`, `ALIAS_TAKEN`, `DOCKER_LOST`,
 *   `DOCKER_REFUSED`
 */
export async function findNetwork(
  daemon: Daemon,
  name: string,
  alias: string,
): Promise<FoundNetwork> {
  const network = daemon.docker.getNetwork(name);
  const facts = await daemon
    .call(`looking for the network ${name}`, () => network.inspect())
    .catch(async (error: unknown) => {
      if (error instanceof DockerRefusal && error.statusCode === 404)
        throw notFound(name, await networkNames(daemon));
      throw error;
    });
  if (['host', 'none', 'bridge'].includes(facts.Name))
    throw new UserError(
      'NETWORK_UNSUITED',
      `Containers on Docker's own network "${facts.Name}" do not know each other by name.`,
      `Make one with "docker network create NAME", or leave --network out.`,
    );
  for (const id of Object.keys(facts.Containers ?? {}))
    await requireOtherNames(daemon, id, facts.Name, alias);
  return {
    name: facts.Name,
    attach: (Container, Aliases) =>
      daemon.call(`putting ${Container} into the network ${name}`, () =>
        network.connect({ Container, EndpointConfig: { Aliases: [...Aliases] } }),
      ),
  };
}

async function networkNames(daemon: Daemon): Promise<string[]> {
  const listed = await daemon.call('listing networks', (abortSignal) =>
    daemon.docker.listNetworks({ abortSignal }),
  );
  return listed.map(({ Name }) => Name).filter((one) => !['host', 'none', 'bridge'].includes(one));
}

function notFound(name: string, others: readonly string[]): UserError {
  const here = others.slice(0, 10).join(', ');
  return new UserError(
    'NETWORK_NOT_FOUND',
    `There is no network "${name}" on this Docker host${here === '' ? '' : `; here are: ${here}`}.`,
    'Start what makes it ("docker compose up" names it PROJECT_NETWORK), or leave --network out.',
    'environment',
  );
}

/** Two containers of one name would be dialled in turns. */
async function requireOtherNames(
  daemon: Daemon,
  id: string,
  network: string,
  alias: string,
): Promise<void> {
  const looked = daemon.call(`looking at the container ${id.slice(0, 12)}`, (abortSignal) =>
    daemon.docker.getContainer(id).inspect({ abortSignal }),
  );
  const facts = await looked.catch((error: unknown) => {
    // It has ended since, and so has its name.
    if (error instanceof DockerRefusal && error.statusCode === 404) return undefined;
    throw error;
  });
  if (facts === undefined) return;
  const own = facts.Name.replace(/^\//, '');
  const aliases: unknown = facts.NetworkSettings.Networks[network]?.Aliases;
  const names = [own, ...(Array.isArray(aliases) ? aliases : [])].map((one) => String(one));
  if (!names.some((one) => one.toLowerCase() === alias.toLowerCase())) return;
  throw new UserError(
    'ALIAS_TAKEN',
    `On the network ${network} the name "${alias}" is taken by the container ${own}.`,
    `Stop that container, whose place the rehearsal takes ("docker compose stop ${alias}"), ` +
      'or give another --network-alias.',
    'environment',
  );
}
