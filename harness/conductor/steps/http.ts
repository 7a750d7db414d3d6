/** The step `http`: one request to the address that the user wrote, and to no other. */
import { messageOf } from '../../../sim/user-error.js';
import type { HttpStep } from '../../step.js';
import { done, failed, type KeptOutput, type StepContext, type StepEnd } from './step-end.js';

/** What is kept of a body; the rest is not even read. */
const bodyBytesMax = 16_384;

export type Answered =
  | { readonly status: number; readonly output: KeptOutput; readonly failure?: undefined }
  | { readonly failure: string };

/** @throws the signal's reason */
export async function runHttp(step: HttpStep, { signal }: StepContext): Promise<StepEnd> {
  const answer = await request(step, signal);
  if (answer.failure !== undefined) return failed(answer.failure, 'step-http-unanswered');
  const { status, output } = answer;
  const isWanted =
    step.status === undefined ? status >= 200 && status < 300 : status === step.status;
  if (isWanted) return { ...done(`status ${status}`), output };
  const wanted = step.status === undefined ? '200 to 299' : String(step.status);
  return { ...failed(`status ${status}, where ${wanted} was wanted`, 'step-http-status'), output };
}

/**
 * Asks once, following no redirection.
 * @throws the signal's reason
 */
export async function request(
  { method, url, headers, body }: Pick<HttpStep, 'method' | 'url' | 'headers' | 'body'>,
  signal: AbortSignal,
): Promise<Answered> {
  try {
    const response = await fetch(url, {
      method: method ?? 'GET',
      redirect: 'manual',
      signal,
      ...(headers === undefined ? {} : { headers: { ...headers } }),
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, output: await firstOf(response.body) };
  } catch (error) {
    signal.throwIfAborted();
    return { failure: causeOf(error) };
  }
}

async function firstOf(body: ReadableStream<Uint8Array> | null): Promise<KeptOutput> {
  if (body === null) return { text: '', leftOut: 0 };
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done: isOver, value } = await reader.read();
    if (isOver) break;
    parts.push(value);
    length += value.length;
    if (length <= bodyBytesMax) continue;
    // How much more there is, nobody knows.
    void reader.cancel().catch(() => undefined);
    break;
  }
  const text = Buffer.concat(parts).subarray(0, bodyBytesMax).toString('utf8');
  return { text, leftOut: Math.max(0, length - bodyBytesMax) };
}

/** What is wrong stands in the cause: `connect ECONNREFUSED 127.0.0.1:1`. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  const text = cause === undefined ? messageOf(error) : messageOf(cause);
  return text === '' && typeof code === 'string' ? code : text;
}
