/** Runs a few lines of shell in a container of a server's image, for what the daemon cannot do. */
import type { Daemon } from './daemon.js';
import { DockerRefusal } from './daemon-errors.js';
import type { ReadyImage } from './images.js';

export interface Errand {
  readonly name: string;
  readonly image: ReadyImage;
  readonly labels: Record<string, string>;
  readonly script: string;
  /** Volumes by the path that they are mounted at. */
  readonly volumes?: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

export interface ErrandEnd {
  readonly code: number;
  readonly output: string;
}

/**
 * Runs it to its end, without a network, as root in there, and removes the container.
 * @throws UserError `DOCKER_LOST`, `DOCKER_REFUSED`
 */
export async function runErrand(daemon: Daemon, errand: Errand): Promise<ErrandEnd> {
  const { name, image, labels, script, limitMs } = errand;
  const mounts = Object.entries(errand.volumes ?? {});
  const container = await daemon.call(`making the container ${name}`, (abortSignal) =>
    daemon.docker.createContainer({
      name,
      Image: image.reference,
      Labels: labels,
      Entrypoint: ['/bin/sh', '-c', script],
      Cmd: [],
      User: '0',
      // Its output is then one plain stream.
      Tty: true,
      HostConfig: {
        NetworkMode: 'none',
        Mounts: mounts.map(([Target, Source]) => ({ Type: 'volume', Source, Target })),
      },
      abortSignal,
    }),
  );
  try {
    const ended = daemon.call(
      `the container ${name} at work`,
      async (abortSignal) => {
        await container.start({ abortSignal });
        return container.wait({ abortSignal }) as Promise<{ StatusCode: number }>;
      },
      { limitMs },
    );
    const { StatusCode } = await ended;
    const output = await daemon.call(`reading the log of the container ${name}`, (abortSignal) =>
      container.logs({ stdout: true, stderr: true, abortSignal }),
    );
    return { code: StatusCode, output: output.toString('utf8') };
  } finally {
    await daemon
      .call(`removing the container ${name}`, (abortSignal) =>
        container.remove({ force: true, v: true, abortSignal }),
      )
      .catch((error: unknown) => {
        // Labelled as it is, the next start removes it.
        if (!(error instanceof DockerRefusal)) throw error;
      });
  }
}
