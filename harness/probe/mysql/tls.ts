/**
 * TLS under mysql2, begun by ourselves: the driver resumes sessions of earlier connections, so
 * that a new connection would cost less than a new client's does, and it checks no name where
 * the host is an address.
 */
import { isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { ConnectionTarget } from '../target.js';

const contexts = new WeakMap<ConnectionTarget, SecureContext>();

/** Made once per target: parsing a bundle of authorities for every poll would take longer. */
function contextOf(target: ConnectionTarget): SecureContext {
  const known = contexts.get(target);
  if (known !== undefined) return known;
  const { caPem } = target.tls;
  const made = createSecureContext(caPem === null ? {} : { ca: caPem });
  contexts.set(target, made);
  return made;
}

export interface TlsHandlers {
  onData(chunk: Buffer): void;
  onError(error: Error): void;
  onClose(): void;
}

/**
 * Replaces the driver's way to TLS.
 * @throws Error where the driver is not as this was written for
 */
export function takeOwnTls(
  connection: object,
  target: ConnectionTarget,
  handlers: TlsHandlers,
): void {
  if (typeof Reflect.get(connection, 'startTLS') !== 'function')
    throw new Error('this version of mysql2 begins TLS in another way');
  Reflect.set(connection, 'startTLS', (onSecure: (error?: Error) => void) => {
    const plain = Reflect.get(connection, 'stream') as Socket;
    plain.removeAllListeners('data');
    const secure = connect({ ...tlsOptions(target), socket: plain }, () => onSecure());
    secure.on('error', (error) => handlers.onError(error));
    secure.on('data', (chunk) => handlers.onData(chunk));
    secure.on('close', () => handlers.onClose());
    Reflect.set(connection, 'stream', secure);
  });
}

function tlsOptions(target: ConnectionTarget): ConnectionOptions {
  const { host, tls } = target;
  const checked = tls.mode === 'verify-full';
  return {
    secureContext: contextOf(target),
    rejectUnauthorized: tls.mode !== 'require',
    checkServerIdentity: (_name, certificate) =>
      checked ? checkServerIdentity(host, certificate) : undefined,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
}
