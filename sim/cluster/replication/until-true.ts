import type { Instance } from '../instance.js';

const askEveryMs = 10;

/**
 * Asks again and again until the answer is yes.
 * @throws Error where it is not within the time, or what the question throws
 */
export async function untilTrue(
  { identifier, clock }: Pick<Instance, 'identifier' | 'clock'>,
  timeoutMs: number,
  ask: () => Promise<boolean>,
): Promise<void> {
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  while (!(await ask())) {
    if (clock.nowNs() > deadlineNs)
      throw new Error(`${identifier} did not catch up within ${timeoutMs / 1000} s`);
    await clock.sleep(askEveryMs);
  }
}
