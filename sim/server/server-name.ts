/** Names of servers: they are part of file names and of containers' names. */
import { UserError } from '../user-error.js';

/** @throws UserError `SERVER_NAME_INVALID` */
export function requireName(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,40}$/i.test(name)) return;
  throw new UserError(
    'SERVER_NAME_INVALID',
    `${JSON.stringify(name.slice(0, 60))} cannot be the name of a server.`,
    'Use letters, digits and dashes, at most 41 of them.',
  );
}
