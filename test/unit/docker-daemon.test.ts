import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../sim/clock.js';
import { NotAccepting, settlesWithin, untilAccepting } from '../../sim/server/docker/accepting.js';
import {
  type DaemonSurroundings,
  daemonAddresses,
} from '../../sim/server/docker/daemon-address.js';
import { sentence } from '../../sim/server/docker/daemon-errors.js';
import { imageReference } from '../../sim/server/docker/images.js';
import { ownLabels, readLabels } from '../../sim/server/docker/labels.js';
import { LogTail } from '../../sim/server/docker/log-tail.js';
import { publishedAt } from '../../sim/server/docker/published-at.js';
import { decideSweep } from '../../sim/server/docker/sweep.js';

function around(
  environment: Record<string, string> = {},
  files: Record<string, string> = {},
): DaemonSurroundings {
  return {
    environment,
    home: '/h',
    uid: 1000,
    read: (path) => files[path],
    exists: (path) => path in files,
  };
}

const uris = (surroundings: DaemonSurroundings): string[] =>
  daemonAddresses(surroundings).map((address) => address.uri);

describe('where the daemon is', () => {
  const properties = '/h/.testcontainers.properties';
  const id = createHash('sha256').update('far').digest('hex');
  const meta = `/h/.docker/contexts/meta/${id}/meta.json`;
  const context = {
    '/h/.docker/config.json': '{"currentContext":"far"}',
    [meta]: '{"Endpoints":{"docker":{"Host":"tcp://far:2376"}}}',
    [`/h/.docker/contexts/tls/${id}/docker/ca.pem`]: '',
    '/var/run/docker.sock': '',
  };

  it('is what is set, from the strongest to the weakest', () => {
    const file = { [properties]: '# note\ntc.host = tcp://tc:1\ndocker.host=tcp://file:1\n' };
    const docker = { DOCKER_HOST: 'tcp://env:1' };
    expect(uris(around(docker, { ...file, ...context }))).toEqual(['tcp://tc:1']);
    const noTc = { [properties]: 'docker.host: tcp://file:1' };
    expect(uris(around(docker, { ...noTc, ...context }))).toEqual(['tcp://env:1']);
    expect(uris(around({ DOCKER_HOST: '' }, { ...noTc, ...context }))).toEqual(['tcp://file:1']);
    expect(daemonAddresses(around({}, context))).toEqual([
      {
        uri: 'tcp://far:2376',
        from: 'the Docker context "far"',
        certificates: `/h/.docker/contexts/tls/${id}/docker`,
        settled: false,
      },
    ]);
    expect(uris(around({ DOCKER_CONTEXT: 'default' }, context))).toEqual([
      'unix:///var/run/docker.sock',
    ]);
  });

  it('is every usual socket that is there where nothing is set', () => {
    const sockets = [
      '/var/run/docker.sock',
      '/h/.docker/run/docker.sock',
      '/run/user/1000/docker.sock',
    ];
    const files = Object.fromEntries(sockets.map((path) => [path, '']));
    expect(uris(around({}, files))).toEqual(sockets.map((path) => `unix://${path}`));
    expect(uris(around())).toEqual([]);
  });

  it('takes certificates only where TLS is wanted', () => {
    const docker = { DOCKER_HOST: 'tcp://env:1', DOCKER_CERT_PATH: '/certs' };
    expect(daemonAddresses(around(docker))[0]?.certificates).toBeUndefined();
    const [secure] = daemonAddresses(around({ ...docker, DOCKER_TLS_VERIFY: '1' }));
    expect(secure?.certificates).toBe('/certs');
  });

  it('is not upset by files that hold nonsense', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (config, text, said) => {
        const files = { '/h/.docker/config.json': config, [properties]: text, [meta]: said };
        expect(daemonAddresses(around({ DOCKER_CONTEXT: 'far' }, files)).length).toBeLessThan(2);
      }),
    );
  });
});

describe('a published port', () => {
  it.each([
    ['unix:///var/run/docker.sock', 'localhost', '127.0.0.1', '127.0.0.1', true],
    ['tcp://127.0.0.1:2375', '127.0.0.1', '127.0.0.1', '127.0.0.1', true],
    ['unix:///var/run/docker.sock', '172.17.0.1', '172.17.0.1', '172.17.0.1', false],
    ['tcp://docker:2375', 'docker', 'docker', '', false],
    ['tcp://[fd00::1]:2375', '[fd00::1]', 'fd00::1', '', false],
    ['tcp://10.0.0.9:2376', '10.0.0.9', '10.0.0.9', '', false],
  ])('of %s, whose host is %s, is dialled at %s', async (uri, host, dialled, bindTo, isLocal) => {
    const elsewhere = async () => false;
    expect(await publishedAt(uri, host, elsewhere)).toEqual({ host: dialled, bindTo, isLocal });
  });

  it('is on loopback where the bridge of the daemon is an address of our own', async () => {
    const loopback = { host: '127.0.0.1', bindTo: '127.0.0.1', isLocal: true };
    const ours = async (address: string) => address === '172.17.0.1';
    const bySocket = await publishedAt('unix:///var/run/docker.sock', '172.17.0.1', ours);
    expect(bySocket).toEqual(loopback);
    expect((await publishedAt('tcp://172.17.0.1:2375', '172.17.0.1', ours)).isLocal).toBe(false);
    // Without being told: 0.0.0.0 is every machine's, 192.0.2.1 (RFC 5737) is nobody's.
    expect(await publishedAt('unix:///s', '0.0.0.0')).toEqual(loopback);
    expect((await publishedAt('unix:///s', '192.0.2.1')).bindTo).toBe('192.0.2.1');
  });
});

describe('the image of a version', () => {
  it('is the official one, another, or one of a registry of your own', () => {
    const image = (imagePrefix: string, named?: string): string =>
      imageReference(
        { imagePrefix, ...(named === undefined ? {} : { image: { postgres: named } }) },
        'postgres',
        '17.5',
      );
    expect(image('')).toBe('postgres:17.5');
    expect(image('mirror/')).toBe('mirror/postgres:17.5');
    expect(image('registry.example.com:5000/db')).toBe(
      'registry.example.com:5000/db/postgres:17.5',
    );
    expect(image('mirror/', 'team/pg:{version}-slim')).toBe('mirror/team/pg:17.5-slim');
    expect(image('mirror/', 'mirror/pg:17')).toBe('mirror/pg:17');
    expect(image('mirror/', 'registry.example.com/pg:17')).toBe('registry.example.com/pg:17');
    expect(image('mirror/', 'localhost/pg:17')).toBe('localhost/pg:17');
  });

  it('is refused where version or name could not be one', () => {
    const make = (version: string, named: string) => () =>
      imageReference({ image: { postgres: named }, imagePrefix: '' }, 'postgres', version);
    for (const version of ['', 'new', '17:5', '17 5', '1.2.3.4.5', '../17', `${'1'.repeat(400)}`])
      expect(make(version, 'pg:{version}')).toThrow(
        expect.objectContaining({
          code: version.length > 100 ? 'IMAGE_INVALID' : 'VERSION_INVALID',
        }),
      );
    for (const name of ['', '-v', 'a b', 'pg:17;rm'])
      expect(make('17', name)).toThrow(expect.objectContaining({ code: 'IMAGE_INVALID' }));
  });
});

describe('labels', () => {
  it('tell what was written into them, and nothing of what is not ours', () => {
    const labels = ownLabels(new ManualClock(), 'run-1');
    expect(readLabels(labels)).toMatchObject({ run: 'run-1', owner: { pid: process.pid } });
    for (const key of Object.keys(labels)) {
      const { [key]: _gone, ...rest } = labels;
      expect(readLabels(rest)).toBeUndefined();
    }
    expect(readLabels({ ...labels, 'rehearse.v': '2' })).toBeUndefined();
    expect(readLabels({ ...labels, 'rehearse.owner.pid': '-1' })).toBeUndefined();
    expect(readLabels(null)).toBeUndefined();
  });

  it('decide who is dead for sure', () => {
    const owned = { run: 'r', host: 'here', owner: { pid: 7, startedAt: 'then' }, created: '' };
    const decide = (look: ReturnType<typeof lookAs>, host = 'here', allHosts = false) =>
      decideSweep(owned, { host, allHosts, look });
    const lookAs = (startedAt: string | undefined | 'hidden') => () =>
      startedAt === undefined || startedAt === 'hidden'
        ? (startedAt as 'hidden' | undefined)
        : { startedAt, commandLine: '' };
    expect(decide(lookAs(undefined))).toBe('remove');
    expect(decide(lookAs('later'))).toBe('remove');
    expect(decide(lookAs('then'))).toBe('owner-alive');
    expect(decide(lookAs('hidden'))).toBe('owner-alive');
    expect(decide(lookAs(undefined), 'elsewhere')).toBe('other-host');
    expect(decide(lookAs('then'), 'elsewhere', true)).toBe('remove');
    expect(decide(lookAs('then'), 'here', true)).toBe('owner-alive');
  });
});

describe('waiting for a server', () => {
  const wait = (clock: ManualClock, more: Partial<Parameters<typeof untilAccepting>[0]>) =>
    untilAccepting({
      clock,
      deadlineNs: 1e9,
      signal: new AbortController().signal,
      tryLogin: () => Promise.resolve('refused'),
      whyHopeless: () => Promise.resolve(undefined),
      ...more,
    });

  it('ends with the first answer', async () => {
    const clock = new ManualClock();
    const answers = ['refused', 'refused', undefined];
    const waiting = wait(clock, { tryLogin: () => Promise.resolve(answers.shift()) });
    await clock.advance(500);
    expect(await waiting).toBe(40e6);
  });

  it('ends at its deadline with what was last said', async () => {
    const clock = new ManualClock();
    const waiting = expect(wait(clock, {})).rejects.toThrow('in time (refused)');
    await clock.advance(1_100);
    await waiting;
  });

  it('ends as soon as there is no hope, or nobody waits', async () => {
    const clock = new ManualClock();
    const hopeless = () => Promise.resolve('its container ended');
    const waiting = expect(wait(clock, { whyHopeless: hopeless })).rejects.toThrow(NotAccepting);
    await clock.advance(300);
    await waiting;
    expect(clock.nowNs()).toBe(300e6);
    const aborted = { signal: AbortSignal.abort() };
    await expect(wait(clock, aborted)).rejects.toThrow(NotAccepting);
  });

  it('for a promise has an end too', async () => {
    const clock = new ManualClock();
    const never = settlesWithin(clock, new Promise(() => undefined), 100);
    await clock.advance(100);
    expect(await never).toBe(false);
    expect(await settlesWithin(clock, Promise.reject(new Error('x')), 100)).toBe(true);
  });
});

describe('the end of a log', () => {
  it('is its last lines, however it came and however long it is', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1 }), (lines) => {
        const tail = new LogTail();
        for (const line of lines) tail.push(`${line}\n`);
        expect(tail.last(3)).toBe(lines.slice(-3).join('\n'));
      }),
    );
    const tail = new LogTail();
    for (let line = 0; line < 50_000; line++) tail.push(`line ${line}\n`);
    expect(tail.last(2)).toBe('line 49998\nline 49999');
    expect(tail.last(1e9).length).toBeLessThan(70_000);
  });

  it('is made a sentence of where Docker says it', () => {
    expect(sentence('no such\n  image')).toBe('no such image.');
    expect(sentence('Why?')).toBe('Why?');
    expect(sentence('x'.repeat(1_000)).length).toBe(400);
  });
});
