/** What a server stores of an account's password, and which account a client gets. */
import type { Flavour } from '../flavours.js';
import type { MysqlAdmin } from './admin.js';
import { text } from './quoting.js';

/** What the server checks a client's proof with. */
export interface Verifier {
  /** Such as `caching_sha2_password`, `mysql_native_password`. */
  readonly plugin: string;
  readonly authenticationString: string;
  /** The server takes the account over TLS only: REQUIRE SSL, or more than that. */
  readonly needsTls?: boolean;
}

export interface Account extends Verifier {
  /** A host, a pattern with `%` and `_`, or an address with a netmask. */
  readonly host: string;
}

/** What a client on this machine may come from, in the server's eyes. */
export const loopbackNames = ['127.0.0.1', 'localhost'] as const;

/**
 * The verifier of a user who comes from one of these hosts; null where there is no such account.
 * @throws what `MysqlAdmin.query` throws
 */
export async function verifierOf(
  admin: MysqlAdmin,
  flavour: Flavour,
  user: string,
  hosts: readonly string[] = loopbackNames,
): Promise<Verifier | null> {
  const accounts =
    flavour === 'mysql' ? await mysqlAccounts(admin, user) : await mariadbAccounts(admin, user);
  const account = accountFor(accounts, hosts);
  if (account === null) return null;
  const { host: _, ...verifier } = account;
  return verifier;
}

async function mysqlAccounts(admin: MysqlAdmin, user: string): Promise<Account[]> {
  const rows = await admin.ask(
    `select host, plugin, authentication_string, ssl_type from mysql.user
    where user = ${text(user)} collate utf8mb4_bin`,
  );
  return rows.map(([host, plugin, string, tls]) => ({
    host: host ?? '',
    plugin: plugin ?? '',
    authenticationString: string ?? '',
    ...(tls ? { needsTls: true } : {}),
  }));
}

async function mariadbAccounts(admin: MysqlAdmin, user: string): Promise<Account[]> {
  const rows = await admin.ask(
    `select host, priv from mysql.global_priv where user = ${text(user)} collate utf8mb4_bin`,
  );
  return rows.flatMap(([host, json]) => {
    const verifier = readPrivileges(json ?? '{}');
    return verifier === null ? [] : [{ host: host ?? '', ...verifier }];
  });
}

/** Plugins that a proof can be checked for, best first. */
const passwordPlugins = ['caching_sha2_password', 'mysql_native_password'];

/**
 * Reads a row of MariaDB's mysql.global_priv: an account may have several ways in, of which one
 * by password is taken. Null for a role.
 */
export function readPrivileges(json: string): Verifier | null {
  const all = parsed(json);
  if (all.is_role === true) return null;
  const ways = Array.isArray(all.auth_or) ? all.auth_or.map(asRecord) : [];
  const verifiers = [...ways, all].flatMap((one) =>
    typeof one.plugin === 'string'
      ? [{ plugin: one.plugin, authenticationString: String(one.authentication_string ?? '') }]
      : [],
  );
  const byPassword = verifiers.find(({ plugin }) => passwordPlugins.includes(plugin));
  // An account that was made without a way in has an empty password.
  const none = { plugin: 'mysql_native_password', authenticationString: '' };
  const verifier = byPassword ?? verifiers[0] ?? none;
  return Number(all.ssl_type ?? 0) > 0 ? { ...verifier, needsTls: true } : verifier;
}

function parsed(json: string): Record<string, unknown> {
  try {
    return asRecord(JSON.parse(json));
  } catch {
    return {};
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/**
 * The account that the server would choose: a host by name before a netmask, that before a
 * pattern, and the pattern whose first wildcard comes latest. Pure.
 */
export function accountFor(accounts: readonly Account[], hosts: readonly string[]): Account | null {
  const fitting = accounts.filter(({ host }) => hosts.some((one) => matches(host, one)));
  const rank = ({ host }: Account): number => hosts.findIndex((one) => matches(host, one));
  const ordered = fitting.toSorted(
    (a, b) => specificity(b.host) - specificity(a.host) || rank(a) - rank(b),
  );
  return ordered[0] ?? null;
}

const netmaskSpecificity = 1_000;

function specificity(host: string): number {
  if (host.includes('/')) return netmaskSpecificity;
  const wildcard = host.search(/[%_]/);
  return host === '' ? -1 : wildcard === -1 ? netmaskSpecificity + 1 : wildcard;
}

function matches(pattern: string, host: string): boolean {
  const [address, mask] = pattern.split('/');
  if (mask !== undefined) return inNetwork(address ?? '', mask, host);
  if (pattern === '') return true;
  const source = pattern.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const like = source.replaceAll('%', '[^]*').replaceAll('_', '[^]');
  return new RegExp(`^${like}$`, 'i').test(host);
}

/** `192.168.0.0/255.255.0.0`, and since MySQL 8.0.23 `192.168.0.0/16` as well. */
function inNetwork(address: string, mask: string, host: string): boolean {
  const [want, have] = [ipv4(address), ipv4(host)];
  const bits = /^\d+$/.test(mask) ? prefix(Number(mask)) : ipv4(mask);
  if (want === null || have === null || bits === null) return false;
  return (have & bits) >>> 0 === want;
}

function prefix(length: number): number | null {
  if (length > 32) return null;
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

function ipv4(address: string): number | null {
  const parts = address.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || parts.some((part) => part > 255)) return null;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
