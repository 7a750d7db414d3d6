import type { AwsFault, SimOptions } from '../sim.js';

/** A call of the control plane, by the names of AWS's API. */
export interface Call {
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What AWS would answer where it is not taken. */
  readonly fault?: AwsFault | null;
}

/** Tells that a call was made, and whether it was taken. */
export function tellCall(
  { emit, clock }: Pick<SimOptions, 'emit' | 'clock'>,
  cluster: string,
  { action, parameters, fault = null }: Call,
): void {
  emit({
    atNs: clock.nowNs(),
    clock: 'control',
    kind: 'call',
    subject: { cluster },
    data: { action, parameters: { ...parameters }, fault: fault === null ? null : { ...fault } },
  });
}
