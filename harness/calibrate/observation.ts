/** One length of time that a history shows, under the name that the timing table has for it. */
export interface Observation {
  /** Of the timing table, such as `zdp.success.pg`. */
  readonly profile: string;
  /** Of the profile, such as `refusedMs`. */
  readonly duration: string;
  readonly valueMs: number;
  /** What it was read from, in a few words. */
  readonly how: string;
}

/** What one history shows. */
export interface ObservedHistory {
  /** The file or folder, as the user named it. */
  readonly name: string;
  /** The day on which it began, UTC; null where the history does not say. */
  readonly date: string | null;
  /**
   * Whether it is a rehearsal: its durations were modelled or those of a local server, and are no
   * observation of AWS.
   */
  readonly rehearsed: boolean;
  readonly observations: readonly Observation[];
}
