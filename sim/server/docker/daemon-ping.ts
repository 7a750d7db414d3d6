/** Asks a Docker daemon whether it is there, within a time that it cannot stretch. */
import { readFileSync } from 'node:fs';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { Clock } from '../../clock.js';
import { messageOf } from '../../user-error.js';
import type { DaemonAddress } from './daemon-address.js';

/** Undefined where the daemon answered, else why it did not, as half a sentence. */
export async function whyUnreachable(
  clock: Clock,
  address: DaemonAddress,
  timeoutMs: number,
): Promise<string | undefined> {
  let options: RequestOptions;
  try {
    options = requestOptions(address);
  } catch (error) {
    return messageOf(error);
  }
  const secure = address.certificates !== undefined;
  return new Promise((resolve) => {
    const request = (secure ? httpsRequest : httpRequest)({ ...options, path: '/_ping' });
    const late = clock.timer(timeoutMs, () => {
      finish(`it did not answer within ${timeoutMs / 1000} s`);
    });
    const finish = (why: string | undefined): void => {
      late.cancel();
      request.destroy();
      resolve(why);
    };
    request.on('error', (error: NodeJS.ErrnoException) => finish(reasonOf(error)));
    request.on('response', ({ statusCode }) =>
      finish(statusCode === 200 ? undefined : `it answered with HTTP status ${statusCode}`),
    );
    request.end();
  });
}

function requestOptions({ uri, certificates }: DaemonAddress): RequestOptions {
  const { protocol, hostname, port, pathname } = parsed(uri);
  if (protocol === 'unix:' || protocol === 'npipe:') return { socketPath: pathname, agent: false };
  if (!['tcp:', 'http:', 'https:'].includes(protocol))
    throw new Error(`addresses that begin with ${protocol}// cannot be used here`);
  const pem = (name: string): Buffer | undefined =>
    certificates === undefined ? undefined : readFileSync(join(certificates, name));
  const keys = { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') };
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port, agent: false, ...keys };
}

function parsed(uri: string): URL {
  try {
    return new URL(uri);
  } catch {
    throw new Error(
      'that is not an address such as unix:///var/run/docker.sock or tcp://host:2375',
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  EACCES: 'this user may not use that socket',
  ENOTFOUND: 'no machine of that name is known',
  EAI_AGAIN: 'no machine of that name is known',
  ECONNRESET: 'it closed the connection',
};

function reasonOf(error: NodeJS.ErrnoException): string {
  return reasons[error.code ?? ''] ?? error.message;
}
