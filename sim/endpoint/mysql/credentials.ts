/** What it takes to log in to the server for a session, again and again. */
import { cachingSha2 } from '../../wire/mysql/authentication.js';

/** By mysql_native_password the key is enough; by all others the password itself is needed. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'native-key'; readonly key: Buffer }
  | { readonly kind: 'password'; readonly password: string };

const usersMax = 1_000;

/**
 * Passwords that the server has accepted, by user: with them a client can go the fast way of
 * caching_sha2_password, as it can on the server. Kept in memory alone.
 */
export class AcceptedPasswords {
  readonly #byUser = new Map<string, { readonly password: string; readonly cached: Buffer }>();

  remember(user: string, password: string): void {
    if (!this.#byUser.has(user) && this.#byUser.size >= usersMax) return;
    const cached = cachingSha2.cached(cachingSha2.key(password));
    this.#byUser.set(user, { password, cached });
  }

  /** The server does not accept this one any more; another may be known by now. */
  forget(user: string, password: string): void {
    if (this.#byUser.get(user)?.password === password) this.#byUser.delete(user);
  }

  /** @returns the password where the scramble is right for the one that is known */
  check(user: string, scramble: Buffer, nonce: Buffer): string | undefined {
    const known = this.#byUser.get(user);
    if (known === undefined) return undefined;
    const key = cachingSha2.recoverKey(scramble, nonce, known.cached);
    return key === undefined ? undefined : known.password;
  }
}
