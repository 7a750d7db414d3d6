/**
 * The account that servers run as. They refuse to run as root, so root hands them to an account
 * without rights, the same for all engines; anybody else runs them as themselves.
 */
import { readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../user-error.js';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** In order of preference; macOS puts a line before the names of its own. */
const accountNames = ['postgres', '_postgres', 'mysql', '_mysql', 'nobody'];

/** Picks the account from the text of a passwd file, or undefined where it has none of them. */
export function pickAccount(passwd: string): Account | undefined {
  const accounts = passwd.split('\n').flatMap((line): Account[] => {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || !/^-?\d+$/.test(uid ?? '') || !/^-?\d+$/.test(gid ?? '')) return [];
    // macOS writes nobody as -2; as an unsigned number that is what the kernel means.
    return [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }];
  });
  for (const wanted of accountNames) {
    const account = accounts.find(({ name, uid }) => name === wanted && uid !== 0);
    if (account !== undefined) return account;
  }
  return undefined;
}

/**
 * The account to switch to, or undefined where servers run as the present user.
 * @throws UserError `SERVER_ACCOUNT_MISSING` for root without any of the accounts
 */
export function serverAccount(): Account | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const account = pickAccount(readFileSync('/etc/passwd', 'utf8'));
  if (account !== undefined) return account;
  throw new UserError(
    'SERVER_ACCOUNT_MISSING',
    'Database servers do not run as root, and there is no account postgres, mysql or nobody.',
    'Run as a normal user, or add an account with: useradd --system postgres',
    'environment',
  );
}

/** What a child process needs in order to run as the account. */
export function spawnIdentity(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
}

/**
 * True where the account can pass every folder above `path` and then read it (of a folder: list
 * and enter it) or, with `enter`, pass through it. Without an account always true: then the
 * present user's own access decides.
 */
export function accountCanRead(
  path: string,
  account: Account | undefined,
  leafNeeds: 'read' | 'enter' = 'read',
): boolean {
  if (account === undefined) return true;
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  for (let at = realpathSync(path), leaf = true; ; at = dirname(at), leaf = false) {
    const stats = statSync(at);
    const wanted = (leaf && leafNeeds === 'read' ? 4 : 0) | (stats.isDirectory() ? 1 : 0);
    if ((rightsOf(stats, account) & wanted) !== wanted) return false;
    if (dirname(at) === at) return true;
  }
}

function rightsOf(stats: Stats, account: Account): number {
  if (stats.uid === account.uid) return (stats.mode >> 6) & 7;
  if (stats.gid === account.gid) return (stats.mode >> 3) & 7;
  return stats.mode & 7;
}
