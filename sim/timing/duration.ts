/** One row of the timing table. */
export interface Duration {
  /** Milliseconds. */
  readonly typical: number;
  readonly stress: number;
  /** Standard deviation of the logarithm around the value; 0 = always the value itself. */
  readonly sigma: number;
  /** What happens in this time. */
  readonly what: string;
  readonly source: string;
  /** Published observations behind the typical value; 0 = an assumption. */
  readonly observations: number;
  /**
   * `outage`: stretches what clients feel, never compressed. `control`: a control-plane wait,
   * divided by `--pace`. `limit`: a limit, not a wait.
   */
  readonly kind: 'outage' | 'control' | 'limit';
}
