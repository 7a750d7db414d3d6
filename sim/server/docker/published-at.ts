/** Where the ports that a container publishes are bound, and where they are dialled. */
import { createServer, isIP } from 'node:net';

/** Where published ports are dialled and bound. */
export interface PublishedAt {
  readonly host: string;
  /** Empty: every address of the daemon's machine. */
  readonly bindTo: string;
  /** Whether the daemon's loopback is ours. */
  readonly isLocal: boolean;
}

/**
 * Where a client finds a published port, and where that port is to be bound for it.
 * @param host where Testcontainers would dial it; for every client in a container that is the
 *   daemon's bridge, even where the daemon runs in the very same container
 * @param isOwn whether an address is one of this machine's
 */
export async function publishedAt(
  uri: string,
  host: string,
  isOwn: (address: string) => Promise<boolean> = isOwnAddress,
): Promise<PublishedAt> {
  const name = host.replace(/^\[|\]$/g, '');
  if (['localhost', '127.0.0.1', '::1'].includes(name)) return onLoopback;
  // A socket of the machine that we are a container of: its bridge is what we can dial.
  const isBridge = uri.startsWith('unix:') && isIP(name) !== 0;
  if (isBridge && (await isOwn(name))) return onLoopback;
  return { host: name, bindTo: isBridge ? name : '', isLocal: false };
}

const onLoopback: PublishedAt = { host: '127.0.0.1', bindTo: '127.0.0.1', isLocal: true };

/** Asked by binding to it: a list of interfaces leaves out bridges that have no container yet. */
function isOwnAddress(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.once('error', () => resolve(false));
    listener.listen({ host, port: 0, exclusive: true }, () => {
      listener.close(() => resolve(true));
    });
  });
}
