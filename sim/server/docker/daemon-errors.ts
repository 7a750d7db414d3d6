/** What can go wrong with Docker that a user can mend, each as one error. */
import { UserError } from '../../user-error.js';
import type { DaemonAddress } from './daemon-address.js';

/** The daemon is there and said no. */
export class DockerRefusal extends UserError {
  /**
   * @param doing what was to be done, such as `starting the container rehearse-1`
   * @param statusCode the HTTP status of the daemon's answer
   * @param said the daemon's own words
   */
  constructor(
    doing: string,
    readonly statusCode: number,
    readonly said: string,
  ) {
    super(
      'DOCKER_REFUSED',
      `Docker refused while ${doing}: ${sentence(said)}`,
      'Do what it asks for, or use --provider embedded.',
      'environment',
    );
  }
}

/** No daemon answers where one was looked for. */
export function dockerUnreachable(address: DaemonAddress | undefined, why: string): UserError {
  const where =
    address === undefined
      ? 'No Docker daemon was found'
      : `Docker cannot be reached at ${withoutLogin(address.uri)} (${address.from})`;
  const todo = why.includes('may not use')
    ? 'Add this user to the group that owns the socket (often "docker") and log in again'
    : 'Start Docker, or set DOCKER_HOST to where it runs';
  return new UserError(
    'DOCKER_UNREACHABLE',
    `${where}: ${sentence(why)}`,
    `${todo}; servers without Docker come with --provider embedded.`,
    'environment',
  );
}

/** A daemon that answered before does not any more. */
export function dockerLost(uri: string, doing: string, why: string): UserError {
  return new UserError(
    'DOCKER_LOST',
    `Docker at ${withoutLogin(uri)} was lost while ${doing}: ${sentence(why)}`,
    'See that its daemon runs; what is left of this run there is removed by the next start or ' +
      'by "rehearse gc".',
    'environment',
  );
}

/** Docker was lost, and these of the run's things are still there. */
export function leftBehind(uri: string, names: readonly string[]): UserError {
  const listed = names.slice(0, 20).join(', ');
  const more = names.length > 20 ? ` and ${names.length - 20} more` : '';
  return new UserError(
    'DOCKER_LOST',
    `Docker at ${withoutLogin(uri)} was lost; this may be left there: ${listed}${more}.`,
    'See that its daemon runs; the next start or "rehearse gc" removes what is left.',
    'environment',
  );
}

/** Text as a sentence of at most 400 characters that ends with a full stop. */
export function sentence(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  const short = flat.length > 400 ? `${flat.slice(0, 399)}…` : flat;
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}

function withoutLogin(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, '//');
}
