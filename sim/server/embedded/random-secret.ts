import { randomBytes } from 'node:crypto';

/** A password that nobody can guess: a secret, hence not drawn from the run's seed. */
export function randomSecret(): string {
  return randomBytes(24).toString('base64url');
}
