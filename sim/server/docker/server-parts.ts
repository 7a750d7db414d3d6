/** What a server in containers is made of, and each of its containers after it. */
import type { Clock } from '../../clock.js';
import type { ServerSpec } from '../server.js';
import type { ServerLogin } from './admin-login.js';
import type { Daemon } from './daemon.js';
import type { ImageContract } from './image-contract.js';
import type { ReadyImage } from './images.js';
import type { ContainerRecipe, ResourceLimits } from './server-container.js';

/** What a server is made of; the provider puts it together. */
export interface DockerServerParts {
  /** The name of its container and of its volume. */
  readonly id: string;
  readonly spec: ServerSpec;
  readonly login: ServerLogin;
  readonly clock: Clock;
  readonly daemon: Daemon;
  readonly contract: ImageContract;
  readonly labels: Record<string, string>;
  readonly limits: ResourceLimits;
  /** The server's arguments. */
  readonly command: readonly string[];
  readonly image: (version: string) => Promise<ReadyImage>;
  /** Whether a port is free to be taken by this server. */
  readonly acceptPort: (port: number) => boolean;
  /** Refuses images that the data can surely not be started with. */
  readonly requireStep: (from: string, to: string) => void;
  /** Tells the provider that the server is no more. */
  readonly onRemoved: () => void;
}

/** The container of a server, of this image, published at this port. */
export function containerRecipe(
  { id, labels, contract, command, limits, login }: DockerServerParts,
  image: ReadyImage,
  outside: number,
  network: ContainerRecipe['network'],
  extra: readonly string[],
): ContainerRecipe {
  const path = contract.volumePath(image);
  return {
    name: id,
    image: image.reference,
    labels,
    environment: contract.environment(path),
    files: contract.files(login.current.password),
    command: [...command, ...extra],
    port: { inside: contract.port, outside },
    volume: { name: id, path },
    network,
    limits,
    stopSignal: contract.signals.fast,
  };
}
