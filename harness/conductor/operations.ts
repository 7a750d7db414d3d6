/** The operations of a run: started, waited for, and given up where they take far too long. */
import type { Cluster, Job, JobEnd, Sim } from '../../sim/sim.js';
import { formatDuration } from '../duration.js';
import { note } from '../history/record.js';
import type { RunContext } from '../run.js';
import type { OperationStep, StartStep } from '../step.js';
import { instanceCount } from '../topology.js';
import { operationParameters } from './operation-parameters.js';
import { unlessStopped } from './unless-stopped.js';

/** How much longer than its drawn durations an operation may take before it is given up. */
const graceMs = 180_000;

/** What a step that starts one works with. */
export interface Starting {
  readonly sim: Sim;
  readonly cluster: Cluster;
  /** Called at the instant at which it begins to touch what clients use. */
  readonly onT0: (atNs: number) => void;
  readonly signal: AbortSignal;
}

export class Operations {
  readonly #context: RunContext;
  /** The latest of each. */
  readonly #jobs = new Map<string, Job>();

  constructor(context: RunContext) {
    this.#context = context;
  }

  /**
   * Asks for it and waits until it begins to touch clients, or for its end where it never does.
   * @returns why it did not take place, or did not succeed; else null
   * @throws the signal's reason
   */
  async start(step: StartStep | OperationStep, starting: Starting): Promise<string | null> {
    const { sim, cluster, onT0, signal } = starting;
    const { operation } = step;
    let atT0: () => void = () => undefined;
    const t0 = new Promise<void>((resolve) => {
      atT0 = resolve;
    });
    let touched = false;
    const parameters = operationParameters(
      this.#context.plan,
      step,
      cluster.identifier,
      (atNs): void => {
        touched = true;
        onT0(atNs);
        atT0();
      },
    );
    const answer = sim.start(operation, parameters);
    if (answer.fault !== undefined) {
      const { code, message } = answer.fault;
      return `${operation} was refused, so it was not measured: ${code}: ${message}`;
    }
    this.#jobs.set(operation, answer.job);
    await this.#waited(answer.job, Promise.race([t0, this.#ended(answer.job)]), signal);
    return touched ? null : troubleOf(operation, await answer.job.finished);
  }

  /** Waits for its end; one that was never started has none. The rest as for `start`. */
  async finish(operation: string, signal: AbortSignal): Promise<string | null> {
    const job = this.#jobs.get(operation);
    if (job === undefined) return null;
    await this.#waited(job, this.#ended(job), signal);
    return troubleOf(operation, await job.finished);
  }

  /** Asks all of them to stop at their next safe point. */
  abort(reason: string): void {
    for (const job of this.#jobs.values()) job.abort(reason);
  }

  /** One whose time is up comes to its safe end before anything else begins. */
  async #waited(job: Job, work: Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { stop } = this.#context;
    try {
      await unlessStopped(signal, work);
    } catch (error) {
      if (!stop.aborted) {
        job.abort('its time was up');
        await unlessStopped(stop, this.#ended(job));
      }
      throw error;
    }
  }

  /** Waits for the job's end; one that takes far too long is asked to stop. */
  async #ended(job: Job): Promise<void> {
    const { plan, clock, record } = this.#context;
    const drawnMs = plan.durations.reduce((sum, { value }) => sum + value, 0);
    // At worst it goes through all of them with one instance after the other.
    const limitMs = drawnMs * instanceCount(plan.topology) + graceMs;
    const timer = clock.timer(limitMs, () => {
      const text = `${job.operation} did not end within ${formatDuration(limitMs)}`;
      note(record, clock, 'error', 'operation-late', text);
      job.abort(text);
    });
    await job.finished;
    timer.cancel();
  }
}

function troubleOf(operation: string, { status, reason }: JobEnd): string | null {
  if (status === 'succeeded') return null;
  return `${operation} ${status}${reason === null ? '' : `: ${reason}`}`;
}
