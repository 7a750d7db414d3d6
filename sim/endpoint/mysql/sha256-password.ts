/**
 * The plugin of MySQL 5.6 that caching_sha2_password took the place of: the password itself, in
 * clear over TLS, else encrypted with the server's key. A MySQL 9 server still asks for it, be it
 * of users that do not exist.
 */

export const sha256Password = 'sha256_password';

/** The client's payload that asks for the server's public key. */
export const sha256KeyRequest = Buffer.from([1]);

/** What a client says that has no password. */
export const sha256NoPassword = Buffer.from([0]);
