import { UserError } from '../user-error.js';

/** The error for data that could not be copied. @param why without a full stop */
export function snapshotFailed(server: string, why: string): UserError {
  return new UserError(
    'SNAPSHOT_FAILED',
    `The data of the server ${server} could not be copied: ${why}.`,
    'See that there is room for them once more for the snapshot, and once more for each server ' +
      'that is restored from it.',
    'environment',
  );
}
