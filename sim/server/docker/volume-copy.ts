/**
 * Copies a volume into another one. A container of its own does it, of the same image as the
 * server's, so that nothing else must be on the Docker host; it has no network.
 */
import type { Clock } from '../../clock.js';
import { snapshotFailed } from '../snapshot-failed.js';
import type { Daemon } from './daemon.js';
import { DockerRefusal } from './daemon-errors.js';
import { ServerContainer } from './server-container.js';

export interface VolumeCopy {
  /** Of the container. */
  readonly name: string;
  readonly image: string;
  readonly labels: Record<string, string>;
  /** Names of volumes. */
  readonly from: string;
  readonly to: string;
  /** Paths in the volume that must not be the same in two servers. */
  readonly ownFiles: readonly string[];
}

const createTimeoutMs = 60_000;
const copyTimeoutMs = 600_000;
const memoryMiB = 256;
const [fromPath, toPath] = ['/rehearse-from', '/rehearse-to'];
/** The arguments are paths below the copy. */
const script = `cp -a ${fromPath}/. ${toPath}/ && cd ${toPath} && rm -f -- "$@"`;

/** A container that is ready to copy once. */
export class VolumeCopier {
  readonly #daemon: Daemon;
  readonly #copy: VolumeCopy;
  readonly #container: ServerContainer;

  constructor(daemon: Daemon, copy: VolumeCopy) {
    this.#daemon = daemon;
    this.#copy = copy;
    this.#container = new ServerContainer(daemon, copy.name);
  }

  /** @throws UserError `DOCKER_LOST`, `SNAPSHOT_FAILED` */
  async make(): Promise<void> {
    const { name, image, labels, from, to, ownFiles } = this.#copy;
    const mount = { Type: 'volume', ReadOnly: false } as const;
    await this.#orFailed(() =>
      this.#daemon.call(
        `making the container ${name}`,
        (abortSignal) =>
          this.#daemon.docker.createContainer({
            name,
            Image: image,
            Labels: labels,
            // The data belong to the server's account, whichever that is in the image.
            User: '0:0',
            Entrypoint: ['/bin/sh', '-c', script, name],
            Cmd: [...ownFiles],
            HostConfig: {
              NetworkMode: 'none',
              Mounts: [
                { ...mount, Source: from, Target: fromPath, ReadOnly: true },
                { ...mount, Source: to, Target: toPath },
              ],
              CapDrop: ['ALL'],
              CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
              SecurityOpt: ['no-new-privileges'],
              Memory: memoryMiB * 1024 * 1024,
              PidsLimit: 20,
            },
            abortSignal,
          }),
        { limitMs: createTimeoutMs },
      ),
    );
  }

  /** @throws UserError `DOCKER_LOST`, `SNAPSHOT_FAILED` */
  async run(): Promise<void> {
    const there = await this.#orFailed(() => this.#container.startAgain());
    const ended = there && (await this.#container.endsWithin(copyTimeoutMs));
    const facts = await this.#container.facts();
    if (facts === undefined) throw this.#failed('the container that copies was removed');
    if (!ended) throw this.#failed(`it took longer than ${copyTimeoutMs / 60_000} minutes`);
    if (facts.exitCode !== 0)
      throw this.#failed(`cp ended with ${facts.exitCode}${await this.#said()}`);
  }

  /** Takes the container away, whatever it does. Safe to call twice. */
  async remove(clock: Clock): Promise<void> {
    await this.#container.remove(clock);
  }

  async #said(): Promise<string> {
    const { docker } = this.#daemon;
    const { name } = this.#copy;
    const log = await this.#daemon.call(`reading the log of the container ${name}`, (abortSignal) =>
      docker.getContainer(name).logs({ stdout: true, stderr: true, tail: 3, abortSignal }),
    );
    // Each piece begins with eight bytes of Docker's own.
    const text = log.toString('utf8').replace(/[^\x20-\x7e\n]/g, '');
    return text.trim() === '' ? '' : ` (${text.trim().slice(0, 300).replaceAll('\n', ' ')})`;
  }

  async #orFailed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof DockerRefusal) throw this.#failed(error.said.trim().replace(/\.$/, ''));
      throw error;
    }
  }

  #failed(why: string): Error {
    return snapshotFailed(this.#copy.from, why);
  }
}

/**
 * Copies, and takes the container away.
 * @throws UserError `DOCKER_LOST`, `SNAPSHOT_FAILED`
 */
export async function copyVolume(daemon: Daemon, clock: Clock, copy: VolumeCopy): Promise<void> {
  const copier = new VolumeCopier(daemon, copy);
  try {
    await copier.make();
    await copier.run();
  } finally {
    await copier.remove(clock);
  }
}
