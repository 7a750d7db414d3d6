import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseServers,
  type OfferTable,
  substituteReason,
  whyChosen,
} from '../../cli/servers/choose.js';
import { imageOptions } from '../../cli/servers/images.js';
import { nothingToBeHad } from '../../cli/servers/nothing-to-be-had.js';
import { obtainServers } from '../../cli/servers/obtain.js';
import { type ServerOptions, serversRequest } from '../../cli/servers/request.js';
import { auroraMysqlZdp } from '../../scenarios/aurora-mysql-zdp.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import type { EngineName, ProviderName } from '../../sim/server/server.js';
import {
  canUpgradeInPlace,
  communityEngines,
  isVersionWanted,
  seriesOf,
} from '../../sim/server/versions.js';
import { UserError } from '../../sim/user-error.js';
import { codeOf } from '../support/error-code.js';
import { offerTable as table } from '../support/offer-table.js';

const asked = (options: ServerOptions = {}) =>
  serversRequest(auroraMysqlZdp, options, imageOptions(options.image ?? [], undefined, '').images);

/** `provider engine from to match`, with `+` where something is fetched; or null. */
function choice(options: ServerOptions, ...tables: OfferTable[]): string | null {
  const chosen = chooseServers(asked(options), tables);
  if (chosen === null) return null;
  const { provider, engine, from, to, match, fetched } = chosen;
  return `${provider} ${engine} ${from} ${to} ${match}${fetched ? ' +' : ''}`;
}

const gone = new UserError('DOCKER_UNREACHABLE', 'Docker does not answer.', 'x', 'environment');

describe('what is chosen without being told otherwise', () => {
  it('is just what was asked for, embedded before containers', () => {
    const both = ['mysql 8.0.32', 'mysql 8.0.36', 'mysql 9.7.0'];
    expect(choice({}, table('embedded', ...both), table('docker', ...both))).toBe(
      'embedded mysql 8.0.32 8.0.36 exact',
    );
    expect(choice({}, table('embedded', 'mysql 9.7.0'), table('docker', ...both))).toBe(
      'docker mysql 8.0.32 8.0.36 exact',
    );
  });

  it('is not put together from two providers', () => {
    const tables = [table('embedded', 'mysql 8.0.32'), table('docker', 'mysql 8.0.36')];
    expect(choice({}, ...tables)).toBeNull();
  });

  it('is another patch level of the series, the nearest pair, and it is said', () => {
    const here = ['mysql 8.0.30', 'mysql 8.0.33', 'mysql 8.0.37', 'mysql 8.0.46'];
    expect(choice({}, table('embedded', ...here))).toBe('embedded mysql 8.0.33 8.0.37 patch-level');
    const request = asked();
    const chosen = chooseServers(request, [table('embedded', ...here)]);
    expect(chosen === null ? '' : whyChosen(request, chosen)).toBe(
      'embedded MySQL 8.0.33 -> 8.0.37, of the same series as MySQL 8.0.32 -> 8.0.36, ' +
        'which are not both here',
    );
  });

  it('is never another flavour or series, nor one version twice, nor an image pulled', () => {
    const others = ['mysql 9.7.0', 'mysql 8.4.8', 'mysql 8.0.46', 'mariadb 10.11', 'mariadb 11.8'];
    expect(choice({}, table('embedded', ...others), table('docker', ...others))).toBeNull();
  });

  it('is what a provider can use', () => {
    const broken = { ...table('docker', 'mysql 8.0.32', 'mysql 8.0.36'), unusable: gone };
    expect(choice({}, table('embedded'), broken)).toBeNull();
  });
});

describe('what is fetched', () => {
  it('is an image whose provider, version or name was given, and not offline', () => {
    const tables = [table('embedded'), table('docker', 'mysql 8.0.36')];
    const pulled = 'docker mysql 8.0.32 8.0.36 exact +';
    expect(choice({ provider: 'docker' }, ...tables)).toBe(pulled);
    expect(choice({ from: '3.05', to: '3.07' }, ...tables)).toBe(pulled);
    expect(choice({ image: ['mysql=my/mysql:{version}'] }, ...tables)).toBe(pulled);
    expect(choice({ provider: 'docker', offline: true }, ...tables)).toBeNull();
  });

  it('is no other version than the tag of an image says', () => {
    const image = ['mysql=my/mysql:9.7'];
    expect(choice({ image }, table('docker'))).toBeNull();
    expect(choice({ image, from: '9.7', to: '9.7' }, table('docker'))).toBe(
      'docker mysql 9.7 9.7 stand-in +',
    );
    expect(choice({ image: ['mysql=my/mysql:{version}'] }, table('docker'))).toBe(
      'docker mysql 8.0.32 8.0.36 exact +',
    );
  });

  it('is Postgres for child processes, unless offline', () => {
    const options = { from: '16.9', to: '16.13' };
    const request = serversRequest(auroraPostgresZdp, options, {});
    const tables = [table('embedded', 'postgres 17.4', 'postgres 17.5'), table('docker')];
    expect(chooseServers(request, tables)).toMatchObject({
      provider: 'embedded',
      from: '16.9',
      to: '16.13',
      match: 'exact',
      fetched: true,
    });
    const musl = tables.map((one) => ({ ...one, fetches: [] }));
    expect(chooseServers(request, musl)).toBeNull();
    const offline = serversRequest(auroraPostgresZdp, { ...options, offline: true }, {});
    expect(chooseServers(offline, tables)).toBeNull();
  });
});

describe('a stand-in', () => {
  it('is of the flavour that was named: the lowest to the highest in place', () => {
    const here = ['mariadb 11.8.3', 'mariadb 10.11.14', 'mariadb 10.6.1', 'mysql 8.0.32'];
    expect(choice({ engine: 'mariadb' }, table('embedded', ...here))).toBe(
      'embedded mariadb 10.6.1 11.8.3 stand-in',
    );
  });

  it('is of a provider that has two versions, before one that has one', () => {
    const tables = [
      table('embedded', 'mariadb 10.11.14'),
      table('docker', 'mariadb 10.11', 'mariadb 11.8'),
    ];
    expect(choice({ engine: 'mariadb' }, ...tables)).toBe('docker mariadb 10.11 11.8 stand-in');
    expect(choice({ engine: 'mariadb', provider: 'embedded' }, ...tables)).toBe(
      'embedded mariadb 10.11.14 10.11.14 stand-in',
    );
  });

  it('is one version twice where there is one, and that is said', () => {
    const request = asked({ engine: 'mysql' });
    const chosen = chooseServers(request, [table('embedded', 'mysql 9.7.0')]);
    expect(chosen).toMatchObject({ from: '9.7.0', to: '9.7.0', match: 'stand-in' });
    if (chosen === null) return;
    expect(whyChosen(request, chosen)).toBe(
      'embedded MySQL 9.7.0 -> 9.7.0 stands in for MySQL 8.0.32 -> 8.0.36; ' +
        'one version only: the restart changes no version',
    );
    expect(substituteReason(request, chosen)).toBe('MySQL 9.7 stands in for MySQL 8.0');
  });

  it('is of the versions that were given, in its own numbers', () => {
    const here = table('docker', 'mariadb 10.11.14', 'mariadb 11.4.2', 'mariadb 11.8.3');
    const options = { engine: 'mariadb', from: '10.11', to: '11.4.2' } as const;
    expect(choice(options, here)).toBe('docker mariadb 10.11.14 11.4.2 stand-in');
    expect(choice({ engine: 'mariadb', from: '11.4' }, here)).toBe(
      'docker mariadb 11.4.2 11.8.3 stand-in',
    );
    expect(choice({ from: '9.7', to: '9.7' }, table('embedded', 'mysql 9.7.0'))).toBe(
      'embedded mysql 9.7.0 9.7.0 stand-in',
    );
  });

  it('is another series of the flavour only where that was asked for or accepted', () => {
    const here = table('embedded', 'mysql 8.4.8', 'mysql 9.7.0', 'mariadb 10.11');
    expect(choice({}, here)).toBeNull();
    expect(choice({ engine: 'mysql' }, here)).toBe('embedded mysql 8.4.8 9.7.0 stand-in');
    expect(choice({ acceptSubstitute: true }, here)).toBe('embedded mysql 8.4.8 9.7.0 stand-in');
    const versions = { engine: 'mysql', from: '3.05', to: '3.07' } as const;
    expect(choice(versions, here)).toBeNull();
    expect(choice({ ...versions, acceptSubstitute: true }, here)).toBe(
      'embedded mysql 8.4.8 9.7.0 stand-in',
    );
  });

  it('is one version of the asked series twice, where that was accepted', () => {
    const request = asked({ acceptSubstitute: true });
    const chosen = chooseServers(request, [table('embedded', 'mysql 8.0.46')]);
    expect(chosen).toMatchObject({ from: '8.0.46', to: '8.0.46', match: 'stand-in' });
    expect(chosen === null ? null : substituteReason(request, chosen)).toBe(
      'one version of MySQL 8.0 twice stands in for an upgrade',
    );
  });
});

const versionsOf: Readonly<Record<EngineName, readonly string[]>> = {
  postgres: ['15.3', '16.9', '17.4', '17.5', '17.10'],
  mysql: ['8.0.32', '8.0.36', '8.0.46', '8.4.8', '9.7', '9.7.0'],
  mariadb: ['10.6.1', '10.11', '10.11.14', '11.8.3'],
};
const anyOffer = fc
  .constantFrom<EngineName>('postgres', 'mysql', 'mariadb')
  .chain((engine) => fc.constantFrom(...versionsOf[engine]).map((one) => `${engine} ${one}`));
const anyTables = fc
  .tuple(fc.array(anyOffer), fc.array(anyOffer))
  .map(([embedded, docker]) => [table('embedded', ...embedded), table('docker', ...docker)]);
const anyOptions = fc.record(
  {
    provider: fc.constantFrom('auto', 'embedded', 'docker'),
    engine: fc.constantFrom('mysql', 'mariadb'),
    acceptSubstitute: fc.boolean(),
    offline: fc.boolean(),
    versions: fc.constantFrom(['3.05', '3.07'], ['8.0.32', '8.0.46'], ['9.7', '9.7']),
  },
  { requiredKeys: [] },
);

describe('whatever there is', () => {
  it('crosses flavour and series only where it was asked for, and calls it a stand-in', () => {
    fc.assert(
      fc.property(anyTables, anyOptions, (tables, { versions, ...options }) => {
        const [from, to] = versions ?? [];
        const given = from === undefined || to === undefined ? {} : { from, to };
        const flags = { ...options, ...given } as ServerOptions;
        if (flags.engine === 'mariadb' && from === '9.7') return;
        const request = asked(flags);
        const chosen = chooseServers(request, tables);
        if (chosen === null) return;
        const natural = communityEngines[request.cluster];
        const crossesFlavour = chosen.engine !== natural;
        const series = (version: string): string => seriesOf(chosen.engine, version);
        const crossesSeries =
          !crossesFlavour &&
          [chosen.from, chosen.to].some((one) => series(one) !== series(request.asked.from));
        if (crossesFlavour) expect(flags.engine).toBe(chosen.engine);
        if (crossesSeries)
          expect(
            flags.acceptSubstitute === true || flags.engine === 'mysql' || from === '9.7',
          ).toBe(true);
        const isStandIn = chosen.match === 'stand-in';
        if (crossesFlavour || crossesSeries) expect(isStandIn).toBe(true);
        if (chosen.from === chosen.to) expect(isStandIn).toBe(true);
        expect(substituteReason(request, chosen) !== null).toBe(isStandIn);
      }),
      { numRuns: 500 },
    );
  });

  it('is there or may be fetched, at a provider that was allowed, and one step in place', () => {
    fc.assert(
      fc.property(anyTables, anyOptions, (tables, { versions, ...options }) => {
        const [from, to] = versions ?? [];
        const given = from === undefined || to === undefined ? {} : { from, to };
        const flags = { ...options, ...given } as ServerOptions;
        if (flags.engine === 'mariadb' && from === '9.7') return;
        const chosen = chooseServers(asked(flags), tables);
        if (chosen === null) return;
        const { engine, provider } = chosen;
        if ((flags.provider ?? 'auto') !== 'auto') expect(provider).toBe(flags.provider);
        const offers = tables.find((one) => one.provider === provider)?.offers ?? [];
        const isHere = (version: string): boolean =>
          offers.some((one) => one.engine === engine && one.version === version);
        const missing = [chosen.from, chosen.to].filter((version) => !isHere(version));
        if (missing.length > 0) expect(chosen.fetched && flags.offline !== true).toBe(true);
        expect(
          chosen.from === chosen.to ||
            canUpgradeInPlace(engine, chosen.from, chosen.to) ||
            isVersionWanted(engine, chosen.from, chosen.to),
        ).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('where nothing is to be had', () => {
  it('the error names what is here, what is in the way, and the ways', () => {
    const docker = { ...table('docker'), unusable: gone };
    const tables = [table('embedded', 'mysql 9.7.0', 'mariadb 10.11.14'), docker];
    const { code, what, todo, exit } = nothingToBeHad(asked(), tables);
    expect({ code, exit }).toEqual({ code: 'ENGINE_NOT_FOUND', exit: 'environment' });
    for (const said of ['MySQL 8.0.32 -> 8.0.36', '9.7.0 (embedded)', 'Docker does not answer'])
      expect(what).toContain(said);
    for (const said of ['REHEARSE_MYSQLD', '--provider docker', '--image', '--engine mysql'])
      expect(todo).toContain(said);
  });

  it('the error is that of a provider that was asked for and cannot be used', () => {
    const docker = { ...table('docker'), unusable: gone };
    expect(nothingToBeHad(asked({ provider: 'docker' }), [docker])).toBe(gone);
    const embedded = { ...table('embedded'), unusable: gone };
    expect(nothingToBeHad(asked(), [embedded, table('docker')])).toBe(gone);
  });

  it('the error names an image as it was looked for, and why its tag would not serve', () => {
    const image = ['mysql=team/mysql:9.6'];
    const error = nothingToBeHad(asked({ image }), [table('docker')], 'mirror/');
    expect(error).toMatchObject({ code: 'IMAGE_NOT_FOUND', exit: 'environment' });
    for (const said of ['mirror/team/mysql:9.6', 'the prefix mirror/', '--image-prefix'])
      expect(error.what).toContain(said);
    expect(error.what).toContain('its tag, 9.6, is none of MySQL 8.0.32 -> 8.0.36');
    expect(error.todo).toContain('docker pull mirror/team/mysql:9.6');
    expect(error.todo).toContain('leave the prefix out, or ask for it with --from 9.6 --to 9.6');
    const plain = nothingToBeHad(asked({ image }), [table('docker')]);
    expect(`${plain.what} ${plain.todo}`).not.toContain('prefix');
  });

  it.each([
    ['mysql=team/mysql:newest', {}, 'its tag, newest, tells no version', 'docker pull team/'],
    ['mysql=team/mysql:9.6', { offline: true }, 'forbidden by --offline', 'pull team/mysql:9.6"'],
    ['mysql=m:{version}', { offline: true }, 'forbidden by --offline', 'docker pull m:8.0.32"'],
  ])('the error tells why %s with %j is not pulled', (image, options, why, todo) => {
    const error = nothingToBeHad(asked({ image: [image], ...options }), [table('docker')]);
    expect(error.what).toContain(why);
    expect(error.todo).toContain(todo);
  });

  it('the error does not say that an image is missing which is here', () => {
    const image = ['mysql=team/mysql:9.6'];
    const options = { image, from: '8.0.32', to: '8.0.36' };
    const error = nothingToBeHad(asked(options), [table('docker', 'mysql 9.6')]);
    expect(error.what).toContain('is on this Docker host as 9.6, which is none of MySQL 8.0.32');
    expect(error.todo).not.toContain('docker pull');
  });

  it('Docker is not asked where embedded servers are just that', async () => {
    const providers: ProviderName[] = [];
    const obtained = await obtainServers(
      asked(),
      { images: {}, imagePrefix: null },
      async (provider) => {
        providers.push(provider);
        return table(provider, 'mysql 8.0.32', 'mysql 8.0.36');
      },
    );
    expect(providers).toEqual(['embedded']);
    expect(obtained.servers).toMatchObject({ provider: 'embedded', match: 'exact' });
  });
});

describe('options of servers', () => {
  it.each([
    [{ engine: 'postgres' }, 'ENGINE_UNSUITED'],
    [{ from: '3.05', to: '9.7' }, 'OPTIONS_CONTRADICT'],
    [{ to: '3.07', engineVersion: '3.08' }, 'OPTIONS_CONTRADICT'],
    [{ from: '3.07', to: '3.05' }, 'VERSION_NOT_MINOR_UPGRADE'],
    [{ from: '9.7', to: '9.6' }, 'VERSION_NOT_IN_PLACE'],
    [{ engine: 'mariadb', from: '11.8', to: '10.11' }, 'VERSION_NOT_IN_PLACE'],
    [{ from: '3.99' }, 'VERSION_INVALID'],
    [{ from: 'old' }, 'VERSION_INVALID'],
  ] as const)('%j is refused with %s', (options, code) => {
    expect(codeOf(() => asked(options))).toBe(code);
  });

  it('take Aurora patches of one community version for an upgrade', () => {
    expect(asked({ from: '3.05.1', to: '3.05.2' }).asked).toMatchObject({
      from: '8.0.32',
      to: '8.0.32',
    });
    expect(codeOf(() => asked({ from: '3.05.2', to: '3.05.1' }))).toBe('VERSION_NOT_MINOR_UPGRADE');
  });

  it('read images and a prefix, the option before the variable', () => {
    expect(imageOptions(['mysql=a.example/m:{version}'], 'b.example/x', 'c')).toEqual({
      images: { mysql: 'a.example/m:{version}' },
      imagePrefix: 'b.example/x',
    });
    expect(imageOptions([], undefined, 'c.example').imagePrefix).toBe('c.example');
    for (const bad of ['oracle=x', 'mysql', 'mysql=', 'mysql=-rf', 'mysql=a:{tag}', 'mysql=a b'])
      expect(codeOf(() => imageOptions([bad], undefined, undefined))).toBe('IMAGE_INVALID');
  });
});
