/** Approvals: a question of the conductor's thread, answered by a person at the terminal. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';
import type { Approval, FromConductor } from '../harness/conductor/protocol.js';
import type { Outside } from '../harness/conductor/steps/step-end.js';
import { unlessStopped } from '../harness/conductor/unless-stopped.js';
import type { Phase } from '../harness/scenario.js';
import type { Step } from '../harness/step.js';
import { UserError } from '../sim/user-error.js';
import type { Output } from './output.js';

/** The conductor's side: asks the terminal's thread, one question at a time. */
export function remoteApprovals(terminal: Pick<MessagePort, 'postMessage'>): {
  readonly approve: Outside['approve'];
  take(answer: Approval): void;
} {
  let settle: (answer: Approval) => void = () => undefined;
  return {
    take: (answer) => settle(answer),
    approve: (question, signal) => {
      const answered = new Promise<Approval>((resolve) => {
        settle = resolve;
      });
      terminal.postMessage({ type: 'question', question } satisfies FromConductor);
      return unlessStopped(signal, answered);
    },
  };
}

export type Asking = (question: string, signal: AbortSignal) => Promise<Approval>;

/** `--yes`: yes to all of them, which is told. */
export function yesToAll(output: Output): Asking {
  return async (question) => {
    output.log(`approval: ${question} yes (--yes)`);
    return 'yes';
  };
}

/** Asks at the terminal until the answer is yes or no; the end of the input is nobody. */
export function askAt(input: Readable, output: Output): Asking {
  return async (question, signal) => {
    const lines = createInterface({ input });
    const end = (): void => lines.close();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    output.log(`approval: ${question}\n  yes or no, then Enter:`);
    try {
      for await (const line of lines) {
        const word = line.trim().toLowerCase();
        if (word === 'y' || word === 'yes') return 'yes';
        if (word === 'n' || word === 'no') return 'no';
        output.log('  yes or no, then Enter:');
      }
      return 'nobody';
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  };
}

/** Whether a step of these phases asks a person, those of a way back included. */
export function asksForApproval(phases: readonly Phase[]): boolean {
  return phases.some(({ steps, back }) => [...steps, ...(back?.steps ?? [])].some(asks));
}

function asks(step: Step): boolean {
  if (step.step === 'approval') return true;
  const back = step.step === 'way-back' ? (step.back?.steps ?? []) : [];
  return [...back, ...(step.undo ?? [])].some(asks);
}

/** @throws UserError `APPROVAL_NEEDS_TERMINAL` where nobody could be asked */
export function requireSomebodyToAsk(phases: readonly Phase[], isTty: boolean): void {
  if (isTty || !asksForApproval(phases)) return;
  throw new UserError(
    'APPROVAL_NEEDS_TERMINAL',
    'A step asks for an approval, and stdin is no terminal.',
    'Run it at a terminal, or give --yes to approve all that is asked.',
  );
}
