/** The code of the error that something a user can mend is told by. */
import { UserError } from '../../sim/user-error.js';

/** Null where nothing is thrown; the text of what is thrown where it is no UserError. */
export function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof UserError ? error.code : String(error);
  }
}
