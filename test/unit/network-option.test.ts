import { describe, expect, it } from 'vitest';
import { doorwayVariables } from '../../cli/doorway.js';
import { networkOption } from '../../cli/network-option.js';
import { imageOptions } from '../../cli/servers/images.js';

describe('--network-alias and --network', () => {
  it('say what containers dial, and where', () => {
    expect(networkOption({}, 'postgres')).toBeNull();
    expect(networkOption({ networkAlias: 'db' }, 'postgres')).toEqual({
      alias: 'db',
      port: 5432,
      network: null,
    });
    expect(networkOption({ networkAlias: 'db', network: 'shop_default' }, 'mariadb')).toEqual({
      alias: 'db',
      port: 3306,
      network: 'shop_default',
    });
    expect(networkOption({ networkAlias: 'main.db.internal:6000' }, 'mysql')).toMatchObject({
      alias: 'main.db.internal',
      port: 6000,
    });
  });

  it.each(['', ':5432', 'db:', 'db:0', 'db:65536', 'db:x', '-db', '10.0.0.1', 'a b', 'localhost'])(
    'refuse %j as an alias',
    (networkAlias) => {
      expect(() => networkOption({ networkAlias }, 'postgres')).toThrow(
        expect.objectContaining({ code: 'NETWORK_ALIAS_INVALID', exit: 'usage' }),
      );
    },
  );

  it('belong together, and a network has a name', () => {
    expect(() => networkOption({ network: 'n' }, 'mysql')).toThrow(
      expect.objectContaining({ code: 'NETWORK_ALIAS_MISSING' }),
    );
    for (const network of ['', '--privileged', 'a/b'])
      expect(() => networkOption({ networkAlias: 'db', network }, 'mysql')).toThrow(
        expect.objectContaining({ code: 'NETWORK_INVALID' }),
      );
  });

  it('take their image from --image', () => {
    expect(imageOptions(['doorway=mirror.example/node:22'], undefined, undefined).images).toEqual({
      doorway: 'mirror.example/node:22',
    });
  });

  it('give a URL that any password survives', () => {
    const application = { user: 'app', password: 'a/b@c:d', database: 'app' };
    const doorway = { host: 'db', port: 3306, network: 'n' };
    const variables = doorwayVariables({ server: 'mariadb', doorway, application });
    const url = new URL(variables.REHEARSE_NETWORK_DATABASE_URL ?? '');
    expect([url.protocol, url.host, url.pathname]).toEqual(['mysql:', 'db:3306', '/app']);
    expect(decodeURIComponent(url.password)).toBe('a/b@c:d');
    expect(doorwayVariables({ server: 'postgres', doorway: null, application })).toEqual({});
  });
});
