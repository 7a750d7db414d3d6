/** The step `http`: one request to the address that the user wrote, and to no other. */
import http from 'node:http';
import https from 'node:https';
import { messageOf } from '../../../sim/user-error.js';
import type { HttpStep } from '../../step.js';
import { boundedOutput } from './bounded-output.js';
import { done, failed, type KeptOutput, type StepContext, type StepEnd } from './step-end.js';
import { withoutSecrets } from './without-secrets.js';

/** What is kept of a body. */
const bodyBytesMax = 16_384;

export type Answered =
  | { readonly status: number; readonly output: KeptOutput; readonly failure?: undefined }
  | { readonly failure: string };

/** @throws the signal's reason */
export async function runHttp(step: HttpStep, context: StepContext): Promise<StepEnd> {
  const { signal, clusters } = context;
  const answer = await request(step, signal);
  if (answer.failure !== undefined) return failed(answer.failure, 'step-http-unanswered');
  const { status } = answer;
  const { text, leftOut } = answer.output;
  // An application may tell how it is configured.
  const secrets = [clusters.primary.application.password];
  const output = { text: withoutSecrets(text, secrets), leftOut };
  const isWanted =
    step.status === undefined ? status >= 200 && status < 300 : status === step.status;
  if (isWanted) return { ...done(`status ${status}`), output };
  const wanted = step.status === undefined ? '200 to 299' : String(step.status);
  return { ...failed(`status ${status}, where ${wanted} was wanted`, 'step-http-status'), output };
}

/**
 * Asks once, following no redirection. Not by `fetch`, which refuses some ports on principle.
 * @throws the signal's reason
 */
export async function request(wanted: Wanted, signal: AbortSignal): Promise<Answered> {
  signal.throwIfAborted();
  const answer = await answerOf(wanted, signal);
  signal.throwIfAborted();
  return answer;
}

type Wanted = Pick<HttpStep, 'method' | 'url' | 'headers' | 'body'>;

function answerOf({ method, url, headers, body }: Wanted, signal: AbortSignal): Promise<Answered> {
  return new Promise((resolve) => {
    const fail = (error: unknown): void => resolve({ failure: textOf(error) });
    const send = url.startsWith('https:') ? https.request : http.request;
    const options = { method: method ?? 'GET', headers: { ...headers }, signal, agent: false };
    try {
      const sent = send(url, options, (response) => {
        const output = boundedOutput(bodyBytesMax);
        response.on('data', output.take);
        response.on('error', fail);
        response.on('close', () =>
          resolve({ status: response.statusCode ?? 0, output: output.kept() }),
        );
      });
      sent.on('error', fail);
      sent.end(body);
    } catch (error) {
      fail(error);
    }
  });
}

/** A refused connection to a name with several addresses has its words inside. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return messageOf(error);
}
