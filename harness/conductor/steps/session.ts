/** A session of a step's own: gone as soon as the step is to end. */
import type { Failure } from '../../history/entry.js';
import type { DatabaseConnection } from '../../probe/connection.js';
import { openConnection } from '../../probe/open-connection.js';
import type { ConnectionTarget } from '../../probe/target.js';
import { unlessStopped } from '../unless-stopped.js';
import type { StepContext } from './step-end.js';

/** The step's own limit comes first; this one is for what a socket may hang in. */
export const answerMsMax = 24 * 3_600_000;
const openMsMax = 30_000;

export type OpenedSession =
  | { readonly session: DatabaseConnection; readonly failure?: undefined }
  | { readonly session?: undefined; readonly failure: Failure };

/** @throws the signal's reason */
export async function openSession(
  { run: { clock }, signal }: StepContext,
  target: ConnectionTarget,
): Promise<OpenedSession> {
  const applicationName = 'rehearse/step';
  const opening = openConnection({ target, clock, applicationName, timeoutMs: openMsMax });
  try {
    const { connection, failure } = await unlessStopped(signal, opening);
    if (connection === undefined) return { failure };
    signal.addEventListener('abort', () => connection.destroy(), { once: true });
    return { session: connection };
  } catch (error) {
    void opening.then(({ connection }) => connection?.destroy());
    throw error;
  }
}

/** As the server said it, with its code where it has one. */
export function failureText({ message, sqlstate, errorNumber, code }: Failure): string {
  const number = errorNumber ?? sqlstate ?? code;
  return number === null || number === undefined ? message : `${message} (${number})`;
}
