/** The step `sql`: statements, one after the other in one session. */
import type { SqlStep } from '../../step.js';
import { forServer } from './for-server.js';
import { answerMsMax, failureText, openSession } from './session.js';
import { shown } from './shown.js';
import { done, failed, type StepContext, type StepEnd } from './step-end.js';
import { loginOf } from './targets.js';

/** @throws the signal's reason */
export async function runSql(step: SqlStep, context: StepContext): Promise<StepEnd> {
  const login = loginOf(context, step.on, step.as);
  if (typeof login === 'string') return failed(login, 'step-target-unknown');
  const { server } = login.cluster;
  const statements = forServer(step.statements, server);
  if (statements === undefined) return done(`nothing is to be done on ${server}`);
  const opened = await openSession(context, login.target);
  if (opened.session === undefined) return failed(`no session: ${failureText(opened.failure)}`);
  const { session } = opened;
  let rows = 0;
  try {
    for (const [index, text] of statements.entries()) {
      const answer = await session.query({ text }, answerMsMax);
      context.signal.throwIfAborted();
      if (!answer.ok) {
        const which = statements.length === 1 ? '' : `statement ${index + 1}: `;
        return failed(`${which}${failureText(answer.failure)}: ${shown(text)}`);
      }
      rows = answer.rows.length;
    }
  } finally {
    if (context.signal.aborted) session.destroy();
    else await session.close();
  }
  const count = counted(statements.length, 'statement');
  return done(rows === 0 ? count : `${count}, ${counted(rows, 'row')} from the last`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
