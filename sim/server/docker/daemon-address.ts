/**
 * Where the Docker daemon is: what the user has set for Docker or for Testcontainers, else the
 * usual sockets. Testcontainers goes on to its next idea where the first does not work, and would
 * so quietly use another daemon than the one asked for; hence the place is settled here.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** One place to look for a daemon. */
export interface DaemonAddress {
  /** As in DOCKER_HOST: `unix:///var/run/docker.sock`, `tcp://build-host:2376`. */
  readonly uri: string;
  /** Who says so, for people. */
  readonly from: string;
  /** The folder of `ca.pem`, `cert.pem` and `key.pem` where TLS is spoken. */
  readonly certificates: string | undefined;
  /** Whether Testcontainers takes it from its own file, whatever DOCKER_HOST says. */
  readonly settled: boolean;
}

/** What is looked at to find a daemon. */
export interface DaemonSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid: number | undefined;
  /** Undefined where there is no such file. */
  readonly read: (path: string) => string | undefined;
  readonly exists: (path: string) => boolean;
}

/** The one place that is configured, else every usual socket that is there, best first. */
export function daemonAddresses(around: DaemonSurroundings): DaemonAddress[] {
  const configured = configuredAddress(around);
  if (configured !== undefined) return [configured];
  return usualSockets(around)
    .filter((path) => around.exists(path))
    .map((path) => ({
      uri: `unix://${path}`,
      from: 'a usual socket',
      certificates: undefined,
      settled: false,
    }));
}

function configuredAddress(around: DaemonSurroundings): DaemonAddress | undefined {
  const { environment, home } = around;
  const file = join(home, '.testcontainers.properties');
  const properties = readProperties(around.read(file) ?? '');
  const host = properties.get('tc.host');
  if (host !== undefined)
    return { uri: host, from: `tc.host in ${file}`, certificates: undefined, settled: true };
  const wantsTls = environment.DOCKER_TLS_VERIFY ?? properties.get('docker.tls.verify');
  const folder = environment.DOCKER_CERT_PATH ?? properties.get('docker.cert.path');
  const certificates = wantsTls === '1' ? folder : undefined;
  if (environment.DOCKER_HOST)
    return { uri: environment.DOCKER_HOST, from: 'DOCKER_HOST', certificates, settled: false };
  const fromFile = properties.get('docker.host');
  if (fromFile !== undefined)
    return { uri: fromFile, from: `docker.host in ${file}`, certificates, settled: false };
  return contextAddress(around);
}

/** The current context of Docker's own command line, unless it is the default one. */
function contextAddress(around: DaemonSurroundings): DaemonAddress | undefined {
  const { environment, home, read, exists } = around;
  const folder = environment.DOCKER_CONFIG ?? join(home, '.docker');
  const name =
    environment.DOCKER_CONTEXT ??
    textAt(read(join(folder, 'config.json')), ['currentContext']) ??
    'default';
  if (name === '' || name === 'default') return undefined;
  const id = createHash('sha256').update(name).digest('hex');
  const meta = read(join(folder, 'contexts', 'meta', id, 'meta.json'));
  const uri = textAt(meta, ['Endpoints', 'docker', 'Host']);
  if (uri === undefined) return undefined;
  const keys = join(folder, 'contexts', 'tls', id, 'docker');
  const certificates = exists(join(keys, 'ca.pem')) ? keys : undefined;
  return { uri, from: `the Docker context "${name}"`, certificates, settled: false };
}

function usualSockets({ environment, home, uid }: DaemonSurroundings): string[] {
  const runtime = environment.XDG_RUNTIME_DIR;
  return [
    '/var/run/docker.sock',
    ...(runtime === undefined ? [] : [join(runtime, 'docker.sock')]),
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.docker', 'desktop', 'docker.sock'),
    ...(uid === undefined ? [] : [`/run/user/${uid}/docker.sock`]),
  ];
}

/** Lines `name = value` or `name: value`; `#` and `!` begin a comment. */
function readProperties(text: string): Map<string, string> {
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const match = /^\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line);
    const [, name, value] = match ?? [];
    return name === undefined || !value ? [] : [[name, value]];
  });
  return new Map(pairs);
}

/** The text at a path of keys in a JSON document; undefined where there is none. */
function textAt(json: string | undefined, path: readonly string[]): string | undefined {
  let at: unknown;
  try {
    at = JSON.parse(json ?? 'null');
  } catch {
    return undefined;
  }
  for (const key of path) at = (at as Record<string, unknown> | null | undefined)?.[key];
  return typeof at === 'string' ? at : undefined;
}
