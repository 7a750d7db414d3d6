/**
 * Ryuk, the container of Testcontainers that removes what a dead process left. It is not needed
 * here, since everything carries labels by which the next start removes it, and it is off unless
 * the user turns it on with TESTCONTAINERS_RYUK_DISABLED=false: it is an image more, pulled
 * without having been asked for, and a container that is given the socket of Docker.
 */
import { UserError } from '../../user-error.js';
import type { Daemon } from './daemon.js';
import { DockerRefusal } from './daemon-errors.js';

/** Where its image must be pulled first, Ryuk may take so long; then it goes without. */
const reaperTimeoutMs = 60_000;

/** The labels by which Ryuk knows our things; none where it is off or cannot be had. */
export async function reaperLabels(
  daemon: Daemon,
  offline: boolean,
): Promise<Record<string, string>> {
  if (offline || process.env.TESTCONTAINERS_RYUK_DISABLED !== 'false') return {};
  const { client, testcontainers } = daemon;
  try {
    const session = await daemon.call<string | undefined>(
      'starting Ryuk',
      async () => (await testcontainers.getReaper(client)).sessionId,
      { limitMs: reaperTimeoutMs, late: () => undefined },
    );
    return session === undefined
      ? {}
      : { [testcontainers.LABEL_TESTCONTAINERS_SESSION_ID]: session };
  } catch (error) {
    if (error instanceof UserError && !(error instanceof DockerRefusal)) throw error;
    return {};
  }
}
