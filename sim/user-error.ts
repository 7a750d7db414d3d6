/**
 * A leaf that any folder may import: the one error class for things a user can cause and mend.
 * Everything else that is thrown is a defect of this tool.
 */

/** Exit codes of the command line; documented in the README. */
export const exitCodes = {
  pass: 0,
  fail: 1,
  unknown: 2,
  environment: 3,
  usage: 64,
} as const;

export type UserErrorExit = 'environment' | 'usage';

/** An error a user can cause: a stable code, one sentence of what, one of what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';

  /**
   * @param code stable and greppable, for example `ENGINE_NOT_FOUND`
   * @param what one sentence that says what is wrong
   * @param todo one sentence that says what to do about it
   * @param exit which documented exit code the command ends with
   */
  constructor(
    readonly code: string,
    readonly what: string,
    readonly todo: string,
    readonly exit: UserErrorExit = 'usage',
  ) {
    super(`${what} ${todo}`);
  }
}

/** What an error says; anything may be thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
