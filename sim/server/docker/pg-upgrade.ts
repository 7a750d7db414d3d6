/**
 * pg_upgrade between the volumes of two servers, in a container of an image that has the programs
 * of both versions: Debian's packages put each version in a folder of its own, other images put
 * the older ones beside their own. Source: PostgreSQL documentation, "pg_upgrade".
 */
import { UserError } from '../../user-error.js';
import type { Daemon } from './daemon.js';
import { runErrand } from './errand.js';
import type { ReadyImage } from './images.js';

const upgradeMsMax = 1_800_000;

export interface UpgradeOrder {
  /** Of the container that does it. */
  readonly name: string;
  readonly image: ReadyImage;
  readonly labels: Record<string, string>;
  /** The first superuser of both. */
  readonly user: string;
  readonly from: { readonly volume: string; readonly major: string };
  readonly to: { readonly volume: string; readonly version: string };
}

/** It ends with this code where the older programs are not there. */
const lacksProgramsCode = 3;

/**
 * Fills the empty volume; the old one stays as it was.
 * @returns false where the image has not the programs of both versions
 * @throws UserError `ENGINE_START_FAILED` with what pg_upgrade says, `DOCKER_LOST`,
 *   `DOCKER_REFUSED`
 */
export async function pgUpgrade(daemon: Daemon, order: UpgradeOrder): Promise<boolean> {
  const { name, image, labels, user, from, to } = order;
  const { code, output } = await runErrand(daemon, {
    ...{ name, image, labels, limitMs: upgradeMsMax },
    volumes: { '/old': from.volume, '/new': to.volume },
    script: scriptFor(from.major, user),
  });
  if (code === lacksProgramsCode) return false;
  if (code === 0) return true;
  const said = output.trim().split(/\r?\n/).slice(-8).join('\n');
  throw new UserError(
    'ENGINE_START_FAILED',
    `pg_upgrade from PostgreSQL ${from.major} to ${to.version} failed. It says:\n${said}\n`,
    'What it names has to be changed in the old version first.',
    'environment',
  );
}

/** The cluster is made as the image's own entrypoint makes one; then everything comes into it. */
function scriptFor(major: string, user: string): string {
  return `set -e
new=$(dirname "$(readlink -f "$(command -v postgres)")")
for one in /usr/lib/postgresql/${major}/bin /usr/local-pg${major}/bin; do
  [ -x "$one/postgres" ] && old=$one
done
[ -n "$old" ] && [ -x "$new/pg_upgrade" ] || exit ${lacksProgramsCode}
as() {
  if command -v gosu > /dev/null; then gosu postgres "$@"
  elif command -v su-exec > /dev/null; then su-exec postgres "$@"
  else setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; fi
}
mkdir /new/pgdata
chown -R postgres:postgres /new
cd /new
sums=$("$old/pg_controldata" /old/pgdata | sed -n 's/^Data page checksum version: *//p')
if [ "$sums" = 0 ]; then
  "$new/initdb" --help | grep -q no-data-checksums && sums=--no-data-checksums || sums=
else sums=--data-checksums; fi
as "$new/initdb" -D /new/pgdata -U ${user} --auth-host=scram-sha-256 --encoding=UTF8 \\
  --locale=C.UTF-8 -N $sums > /dev/null
as "$new/pg_upgrade" -b "$old" -B "$new" -d /old/pgdata -D /new/pgdata -U ${user} \\
  --socketdir=/tmp
cp -p /old/pgdata/pg_hba.conf /new/pgdata/pg_hba.conf
echo "listen_addresses = '*'" >> /new/pgdata/postgresql.conf
rm -f /new/*.sh
`;
}
