/** A way to the Docker daemon that a test can cut without anybody else noticing. */
import { connect, createServer, type Socket } from 'node:net';

export interface DockerRelay {
  /** For DOCKER_HOST. */
  readonly uri: string;
  /** `cut`: connections break and are refused; `hang`: they stay and nothing passes. */
  become(mode: 'pass' | 'cut' | 'hang'): void;
  close(): Promise<void>;
}

/** Listens on a socket of its own and passes on to the real daemon. */
export async function dockerRelay(path: string): Promise<DockerRelay> {
  const { pathname } = new URL(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock');
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode = 'pass';
  const listener = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: pathname, allowHalfOpen: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    near.on('close', () => pairs.delete(pair));
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (chunk) => mode === 'pass' && to.write(chunk));
      from.on('end', () => mode === 'pass' && to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => mode !== 'hang' && to.destroy());
    }
    if (mode === 'cut') near.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(path, resolve));
  const breakAll = (): void => {
    for (const sockets of pairs) for (const socket of sockets) socket.destroy();
  };
  return {
    uri: `unix://${path}`,
    become: (wanted) => {
      mode = wanted;
      if (mode === 'cut') breakAll();
    },
    close: () => {
      breakAll();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}
