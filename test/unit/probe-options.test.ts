import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { getPassword } from '../../cli/probe-password.js';
import { probeSettings } from '../../cli/probe-plan.js';
import { parseTargets } from '../../cli/probe-targets.js';
import { UserError } from '../../sim/user-error.js';

const folder = mkdtempSync(join(tmpdir(), 'rehearse-probe-options-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const code = (expected: string) => expect.objectContaining({ code: expected });
const targets = (...target: string[]) => parseTargets({ target }, {}, folder);

describe('targets', () => {
  it('are URLs, with names where given', () => {
    expect(targets('prod=postgres://me@db.example:6543/app')).toEqual([
      {
        name: 'prod',
        engine: 'postgres',
        host: 'db.example',
        port: 6543,
        user: 'me',
        database: 'app',
        tls: { mode: 'verify-full', caPem: null },
      },
    ]);
    expect(targets('postgresql://a%40b@[::1]')[0]).toMatchObject({
      ...{ name: 'target', host: '::1', port: 5432, user: 'a@b', database: 'a@b' },
      tls: { mode: 'disable' },
    });
  });

  it('take TLS from the option, then from the URL, then by where they are', () => {
    const mode = (url: string, tls?: string) =>
      parseTargets({ target: [url], ...(tls === undefined ? {} : { tls }) }, {}, folder)[0]?.tls
        .mode;
    expect(mode('postgres://me@127.0.0.1/app')).toBe('disable');
    expect(mode('postgres://me@localhost.evil.example/app')).toBe('verify-full');
    expect(mode('postgres://me@127.0.0.1/app?sslmode=require')).toBe('require');
    expect(mode('postgres://me@127.0.0.1/app?sslmode=require', 'verify-full')).toBe('verify-full');
    expect(() => mode('postgres://me@db.example/app?sslmode=prefer')).toThrow(code('TLS_INVALID'));
  });

  it('read authorities from a file', () => {
    const ca = join(folder, 'ca.pem');
    const url = 'postgres://me@db.example/app';
    writeFileSync(ca, '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n');
    expect(parseTargets({ target: [url], ca }, {}, folder)[0]?.tls.caPem).toContain('BEGIN');
    writeFileSync(ca, 'nothing of the kind');
    const read = () => parseTargets({ target: [url], ca }, {}, folder);
    expect(read).toThrow(code('CA_UNREADABLE'));
  });

  it('tell which of their parameters do nothing, and no value', () => {
    const told: string[] = [];
    const url = 'postgres://me@db.example/app?sslmode=require&options=hunter22&s3cret-x&user=you';
    parseTargets({ target: [`prod=${url}`] }, {}, folder, (text) => told.push(text));
    expect(told).toEqual([
      'warning: the URL of target prod has parameters that are ignored: ' +
        'options, one without a name, user',
    ]);
  });

  it('refuse a password, and never repeat it', () => {
    for (const url of [
      'postgres://me:hunter22@db.example/app',
      'prod=postgres://db.example/app?user=me&password=hunter22',
      'postgres://db.example/app?PASSWORD=hunter22',
      'postgres://db.example/app?sslmode=require&sslpassword=hunter22',
      'postgres://db.example/app?%70assword=hunter22',
      'postgres://db.example/app?pgpass=hunter22',
    ]) {
      expect(() => targets(url)).toThrow(code('PASSWORD_IN_ARGV'));
      expect(() => targets(url)).not.toThrow(/hunter22/);
    }
    expect(() => targets('postgres//me:hunter22@db')).not.toThrow(/hunter22/);
  });

  it('answer any text with targets or a UserError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.constant('a=postgres://%@x')), (text) => {
        try {
          targets(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
    expect(() => targets()).toThrow(code('TARGET_MISSING'));
    expect(() => targets('a=postgres://x/', 'a=postgres://y/')).toThrow(code('TARGET_INVALID'));
  });
});

describe('targets that speak the protocol of MySQL', () => {
  it('are URLs of mysql and mariadb', () => {
    expect(targets('shop=mysql://me@db.example/app')).toEqual([
      {
        name: 'shop',
        engine: 'mysql',
        host: 'db.example',
        port: 3306,
        user: 'me',
        database: 'app',
        tls: { mode: 'verify-full', caPem: null },
      },
    ]);
    // A database is not needed there, and no variable of Postgres counts.
    const env = { PGUSER: 'pg', PGDATABASE: 'pg', USER: 'me' };
    expect(parseTargets({ target: ['mariadb://127.0.0.1:3307'] }, env, folder)[0]).toMatchObject({
      ...{ engine: 'mysql', port: 3307, user: 'me', database: '', tls: { mode: 'disable' } },
    });
  });

  it('take TLS in the words of either', () => {
    const mode = (query: string) => targets(`mysql://me@db.example/app?${query}`)[0]?.tls.mode;
    expect(mode('ssl-mode=DISABLED')).toBe('disable');
    expect(mode('ssl-mode=REQUIRED')).toBe('require');
    expect(mode('ssl-mode=verify_ca')).toBe('verify-ca');
    expect(mode('ssl-mode=VERIFY_IDENTITY')).toBe('verify-full');
    expect(mode('sslMode=verify-full')).toBe('verify-full');
    expect(() => mode('ssl-mode=PREFERRED')).toThrow(code('TLS_INVALID'));
    expect(() => mode('ssl-mode=PREFERRED')).toThrow(/VERIFY_IDENTITY/);
  });

  it('read authorities from a file that the URL names', () => {
    writeFileSync(
      join(folder, 'mysql-ca.pem'),
      '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n',
    );
    const read = (query: string) => targets(`mysql://me@127.0.0.1/app?${query}`)[0]?.tls;
    expect(read('ssl-ca=mysql-ca.pem')).toMatchObject({ mode: 'verify-full' });
    expect(read('ssl-ca=mysql-ca.pem')?.caPem).toContain('BEGIN');
    expect(read('ssl-ca=mysql-ca.pem&ssl-mode=VERIFY_CA')).toMatchObject({ mode: 'verify-ca' });
    expect(() => read('ssl-ca=not-there.pem')).toThrow(code('CA_UNREADABLE'));
  });

  it('refuse a password, naming the variable of their engine', () => {
    for (const url of ['mysql://me:hunter22@db.example/app', 'mysql://db.example/?pwd=hunter22']) {
      expect(() => targets(url)).toThrow(code('PASSWORD_IN_ARGV'));
      expect(() => targets(url)).toThrow(/MYSQL_PWD/);
      expect(() => targets(url)).not.toThrow(/hunter22|PGPASSWORD/);
    }
  });

  it('say what is wrong with a URL', () => {
    expect(() => targets('db.example/app')).toThrow(/target is no URL/);
    expect(() => targets('sqlserver://db.example/app')).toThrow(/begins with none of/);
    expect(() => targets('mysql://db.example:99999/app')).toThrow(/malformed URL.*host and port/);
    expect(() => targets('mysql:///app')).toThrow(/without a host|malformed/);
    expect(() => targets('mysql://db.example:0/app')).toThrow(/port 0/);
  });
});

describe('password', () => {
  it('comes from the one source named, or from PGPASSWORD and MYSQL_PWD', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'from file\nmore\n');
    const env = { PGPASSWORD: 'from pg', MYSQL_PWD: 'from my', DB_SECRET: 'from env' };
    const both = async (options: object, variables: Record<string, string> = env) => {
      const password = await getPassword(options, variables, folder);
      return [password('postgres'), password('mysql')];
    };
    const same = (text: string) => [text, text];
    expect(await both({})).toEqual(['from pg', 'from my']);
    expect(await both({}, {})).toEqual(same(''));
    expect(await both({ passwordEnv: 'DB_SECRET' })).toEqual(same('from env'));
    expect(await both({ passwordFile: 'secret' })).toEqual(same('from file'));
    const passwordCommand = 'echo "from command"; echo more';
    expect(await both({ passwordCommand })).toEqual(same('from command'));
  });

  it('is a UserError where it cannot be had, without what was printed', async () => {
    const failing = getPassword({ passwordCommand: 'echo hunter22; exit 3' }, {}, folder);
    await expect(failing).rejects.toThrow(code('PASSWORD_UNAVAILABLE'));
    await expect(failing).rejects.not.toThrow(/hunter22/);
    for (const options of [{ passwordEnv: 'NOT_SET' }, { passwordFile: 'not-there' }])
      await expect(getPassword(options, {}, folder)).rejects.toThrow(code('PASSWORD_UNAVAILABLE'));
    const both = { passwordEnv: 'A', passwordFile: 'b' };
    await expect(getPassword(both, {}, folder)).rejects.toThrow(code('PASSWORD_SOURCE_AMBIGUOUS'));
  });
});

describe('lanes of a probe', () => {
  it('only read unless a table is named', () => {
    const kinds = (options: object, names = ['db']) =>
      probeSettings({ target: [], ...options }, names).lanes.map(({ name }) => name);
    const reading = ['new-connection', 'held-session', 'idle-session', 'observer'];
    expect(kinds({})).toEqual(reading);
    expect(kinds({ writeTable: 'a.b' })).toEqual([...reading, 'writer']);
    expect(kinds({ lanes: 'reader, observer' }, ['a', 'b'])).toEqual([
      'a/reader',
      'observer',
      'b/reader',
    ]);
    expect(() => kinds({ lanes: 'writer' })).toThrow(code('WRITE_TABLE_MISSING'));
    const unused = { lanes: 'reader', writeTable: 'a.b' };
    expect(() => kinds(unused)).toThrow(code('WRITE_TABLE_UNUSED'));
    expect(kinds({ ...unused, lanes: 'writer' })).toEqual(['writer']);
    expect(() => kinds({ lanes: 'ping' })).toThrow(code('LANES_INVALID'));
    expect(() => kinds({ lanes: 'replica-lag' })).toThrow(code('LANES_INVALID'));
    expect(() => kinds({ writeTable: 'no_schema' })).toThrow(code('WRITE_TABLE_INVALID'));
    expect(() => kinds({ interval: '5ms' })).toThrow(code('DURATION_INVALID'));
    expect(() => kinds({ format: 'published', lanes: 'reader' })).toThrow(code('FORMAT_INVALID'));
  });

  it('poll edges only when asked', () => {
    const edge = (options: object) =>
      probeSettings({ target: [], ...options }, ['db']).lanes[0]?.edgeIntervalMs;
    expect(edge({})).toBeNull();
    expect(edge({ edge: true })).toBe(10);
  });
});
