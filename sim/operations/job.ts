/** A job: an operation under way, which can be watched, aborted and waited for. */
import type { Job, JobEnd, JobStatus } from '../sim.js';
import { messageOf } from '../user-error.js';

/** Thrown by an operation that cannot go on; its message is the job's reason. */
export class OperationFailed extends Error {}

/** Starts `work` as a job. The signal aborts when somebody asks the job to stop. */
export function startJob(
  id: string,
  operation: string,
  work: (signal: AbortSignal) => Promise<void>,
): Job {
  const stop = new AbortController();
  let status: JobStatus = 'running';
  const end = (ended: JobEnd): JobEnd => {
    status = ended.status;
    return ended;
  };
  const finished = work(stop.signal).then(
    () => end({ status: 'succeeded', reason: null }),
    (error: unknown) => {
      const reason = messageOf(error);
      return end({ status: stop.signal.aborted ? 'aborted' : 'failed', reason });
    },
  );
  return {
    id,
    operation,
    finished,
    get status() {
      return status;
    },
    abort: (reason) => stop.abort(new OperationFailed(reason)),
  };
}
