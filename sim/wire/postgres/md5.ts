/** Postgres' md5 authentication. Pure. Old roles have it, so the endpoint must speak it. */
import { createHash } from 'node:crypto';

/** What `pg_authid.rolpassword` holds for an md5 role, without its `md5` prefix. */
export function md5Verifier(user: string, password: string): string {
  return hex(Buffer.from(password + user, 'utf8'));
}

/** The answer to a salt, made from the verifier alone: no password is needed. */
export function md5Answer(verifierHex: string, salt: Buffer): string {
  return `md5${hex(Buffer.concat([Buffer.from(verifierHex, 'utf8'), salt]))}`;
}

function hex(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
