/** The two servers that speak MySQL's protocol, told apart by what the server says of itself. */

export const flavours = ['mysql', 'mariadb'] as const;
export type Flavour = (typeof flavours)[number];

/** What a server says it is. */
export interface ServerVersion {
  /** Short, such as `8.0.36`, `10.11.19`. */
  readonly version: string;
  /** The whole of it, with the words of whoever built it. */
  readonly versionText: string;
  readonly flavour: Flavour;
}

/**
 * Reads the answers to `version()` and `@@version_comment`. A server may call itself `5.5.5-10.11`
 * in its greeting, for old replicas; `version()` does not.
 */
export function readVersion(version: string, comment: string): ServerVersion {
  // Some builders put their own parentheses, some a request after two dashes.
  const words = comment.replace(/^\((.*)\)$/, '$1').replace(/\s*--\s.*$/s, '');
  const versionText = words === '' ? version : `${version} (${words})`;
  return {
    version: /^\d+(?:\.\d+)*/.exec(version)?.[0] ?? version,
    versionText,
    flavour: /mariadb/i.test(versionText) ? 'mariadb' : 'mysql',
  };
}
