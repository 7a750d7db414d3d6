/** The steps of a run, one after the other; one that fails ends what is built on it. */
import { note } from '../history/record.js';
import type { OperationStep, StartStep, Step, StepOf } from '../step.js';
import { isTold, stepText, type ToldStep } from '../step-text.js';
import { backOut } from './back-out.js';
import { Operations } from './operations.js';
import { Rollback } from './rollback.js';
import { carryOut, withinItsTime } from './steps/carry-out.js';
import { done, failed, type StepContext, type StepEnd, type StepWorld } from './steps/step-end.js';
import { findTarget } from './steps/targets.js';
import type { T0 } from './t0.js';
import { unlessStopped } from './unless-stopped.js';

/** What the procedure consists of: left out once one of its steps has failed. */
const acting: ReadonlySet<Step['step']> = new Set([
  ...(['start', 'operation', 'fault', 'snapshot'] as const),
  ...(['sql', 'wait-until', 'shell', 'http', 'approval'] as const),
]);

/** What looks and changes nothing: done behind an operation that failed, too. */
const looking: ReadonlySet<Step['step']> = new Set(['compare', 'survey'] as const);

/** An operation by the run's end, a restore by a note of its own. */
const toldElsewhere: ReadonlySet<string> = new Set(['operation-failed', 'rollback-failed']);

export class Procedure {
  #world: StepWorld;
  readonly #t0: T0;
  readonly #verify: (trouble: string | null) => Promise<string | null>;
  readonly #operations: Operations;
  readonly #rollback: Rollback;
  /** What takes back the steps that were begun, in the order in which they were. */
  readonly #undo: (readonly Step[])[] = [];
  readonly #phases = new Set<string>();
  /** A step of the procedure failed, not an operation: nothing of it is done any more. */
  #isBrokenOff = false;
  #trouble: string | null = null;

  /** @param verify ends the measuring; given the trouble so far, says what it is in the end */
  constructor(
    world: StepWorld,
    t0: T0,
    verify: (trouble: string | null) => Promise<string | null>,
  ) {
    this.#world = world;
    this.#t0 = t0;
    this.#verify = verify;
    this.#operations = new Operations(world.run);
    this.#rollback = new Rollback(world.run);
  }

  /** Why it did not take place as it was meant to; null where it did. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Asks the operations under way to stop at their next safe point. */
  abort(reason: string): void {
    this.#operations.abort(reason);
  }

  /** @throws the run's stop reason, or a defect */
  async take(step: Step, phase: string): Promise<void> {
    this.#phases.add(phase);
    if (this.#isLeftOut(step)) {
      this.#tell(
        'info',
        'step-left-out',
        `left out: ${step.step} "${step.name ?? stepText(step)}"`,
      );
      return;
    }
    if (step.undo !== undefined) this.#undo.push(step.undo);
    const end = await this.#carryOut(step);
    // What cannot be restored does not undo what was measured.
    if (end.ok || step.mayFail === true || step.step === 'restore') return;
    this.#trouble ??= isTold(step)
      ? `${step.step} "${step.name ?? stepText(step)}" failed: ${end.why}`
      : end.why;
    if (isTold(step) || end.code === 'step-timed-out') this.#isBrokenOff = true;
  }

  /** Behind a failed operation goes on what was meant to watch it; nothing else begins. */
  #isLeftOut(step: Step): boolean {
    if (this.#isBrokenOff)
      return acting.has(step.step) || (step.step === 'wait' && step.option === undefined);
    if (this.#trouble === null || looking.has(step.step)) return false;
    return isTold(step) || step.step === 'operation';
  }

  /** Does a step of whatever kind, and tells what it was where nothing else does. */
  async #carryOut(step: Step): Promise<StepEnd> {
    if (isTold(step)) return carryOut(step, this.#world);
    const end = await withinItsTime(step, this.#world, (context) => this.#builtIn(step, context));
    if (!end.ok && (step.mayFail === true || !toldElsewhere.has(end.code))) {
      const what = `${step.step} "${step.name ?? stepText(step)}" failed: ${end.why}`;
      this.#tell(step.mayFail === true ? 'warning' : 'error', end.code, what);
    }
    return end;
  }

  async #builtIn(step: Exclude<Step, ToldStep>, context: StepContext): Promise<StepEnd> {
    const { clock } = context.run;
    const { primary } = context.clusters;
    switch (step.step) {
      case 'wait':
        await clock.sleep(step.durationMs, context.signal);
        return done();
      case 'fault': {
        const fault = primary.injectFault(step.fault);
        await clock.sleep(step.durationMs, context.signal).finally(() => void fault.end());
        await unlessStopped(context.signal, fault.end());
        return done();
      }
      case 'start':
        return this.#start(step, context);
      case 'operation': {
        const started = await this.#start(step, context);
        return started.ok ? this.#finish(step.operation, context) : started;
      }
      case 'finish':
        return this.#finish(step.operation, context);
      case 'snapshot':
        await this.#rollback.snapshot(primary, context.signal);
        return done();
      case 'restore':
        return this.#restore(context);
      case 'way-back':
        return this.#backOut(step);
      case 'verify':
        this.#trouble = await this.#verify(this.#trouble);
        return done();
    }
  }

  /** Whether it could be done is told by itself. */
  async #restore({ sim, signal }: StepContext): Promise<StepEnd> {
    const isThere = await this.#rollback.restore(sim, signal);
    return isThere ? done() : failed('nothing was restored from a snapshot', 'rollback-failed');
  }

  async #start(step: StartStep | OperationStep, context: StepContext): Promise<StepEnd> {
    const found = findTarget(context, step.on ?? 'primary');
    if (typeof found === 'string') return failed(found, 'step-target-unknown');
    const { sim, signal } = context;
    // Clients use the primary: what is done to a replica of it touches nobody.
    const touches = found.cluster === context.clusters.primary;
    const onT0 = (atNs: number): void => {
      if (touches) this.#t0.touched(atNs);
    };
    const starting = { sim, cluster: found.cluster, onT0, signal };
    return operationEnd(await this.#operations.start(step, starting));
  }

  async #finish(operation: string, { signal }: StepContext): Promise<StepEnd> {
    return operationEnd(await this.#operations.finish(operation, signal));
  }

  /** What keeps the way back from its end is told in its row; the run was completed with it. */
  async #backOut(step: StepOf<'way-back'>): Promise<StepEnd> {
    await backOut(step, this.#world, {
      isReached: this.#phases.has(step.from),
      trouble: this.#trouble,
      undo: this.#undo.toReversed().flat(),
      take: async (one) => {
        const end = await this.#carryOut(one);
        this.#serveRestored();
        return end;
      },
      restored: () => this.#rollback.restored,
    });
    return done();
  }

  /** On a way back, what was restored is the primary to all that comes behind it. */
  #serveRestored(): void {
    const { restored } = this.#rollback;
    if (restored === null) return;
    this.#world = { ...this.#world, clusters: { ...this.#world.clusters, primary: restored } };
  }

  #tell(level: 'info' | 'warning' | 'error', code: string, text: string): void {
    const { record, clock } = this.#world.run;
    note(record, clock, level, code, text);
  }
}

/** The run's end tells of it. */
function operationEnd(trouble: string | null): StepEnd {
  return trouble === null ? done() : failed(trouble, 'operation-failed');
}
