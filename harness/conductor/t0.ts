/** The phases of a run as they are entered, and its one T0 among them. */
import type { Phase } from '../scenario.js';
import type { FaultTimeline } from './fault-timeline.js';
import type { Phases } from './phases.js';

export class T0 {
  readonly #told: Phases;
  readonly #faults: FaultTimeline;
  readonly #phases: readonly Phase[];
  #isReached = false;
  #current = '';

  constructor(told: Phases, faults: FaultTimeline, phases: readonly Phase[]) {
    this.#told = told;
    this.#faults = faults;
    this.#phases = phases;
  }

  /**
   * Enters a phase, unless that was done at T0.
   * @returns false for the phase of an operation that never came to touch clients
   */
  enter(phase: Phase, atNs: number): boolean {
    if (phase.t0 !== true) {
      this.#current = phase.name;
      this.#told.enter(phase.name, atNs);
      return true;
    }
    if (this.#byOperation(phase)) return this.#isReached;
    this.#reach(phase.name, atNs);
    return true;
  }

  /** An operation begins to touch clients. Several may: a run has one T0 all the same. */
  touched(atNs: number): void {
    if (this.#isReached) return;
    const { name } = this.#phases.find((phase) => phase.t0 === true) ?? { name: this.#current };
    this.#reach(name, atNs);
  }

  #reach(name: string, atNs: number): void {
    if (this.#isReached) return;
    this.#isReached = true;
    this.#current = name;
    this.#told.enter(name, atNs, true);
    this.#faults.t0();
  }

  /** Whether an operation is started before that phase, to enter it. */
  #byOperation(phase: Phase): boolean {
    const before = this.#phases.slice(0, this.#phases.indexOf(phase));
    return before.some(({ steps }) =>
      steps.some(({ step }) => step === 'start' || step === 'operation'),
    );
  }
}
