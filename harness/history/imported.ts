/** What every history has that was made of something else than a run or a probe of ours. Pure. */
import type { EntryDraft, LaneSpec } from './entry.js';

/** Instants are exact for 104 days: what is further than this from the rest is left out. */
export const reachMs = 50 * 24 * 3_600_000;

export interface ImportedStart {
  readonly tool: { readonly name: string; readonly version: string };
  readonly scenario: string;
  readonly title: string;
  /** Wall-clock time of its 0, milliseconds since 1970. */
  readonly zeroMs: number;
  readonly lanes: LaneSpec[];
  readonly objectives: readonly string[] | undefined;
  readonly settings: Record<string, string | number | string[]>;
}

/** Its first entry. */
export function importedStart(of: ImportedStart): EntryDraft {
  return {
    atNs: 0,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: {
      stage: 'started',
      tool: { ...of.tool },
      command: 'import',
      scenario: of.scenario,
      title: of.title,
      seed: null,
      wallClock: new Date(of.zeroMs).toISOString(),
      owner: null,
      engine: null,
      lanes: of.lanes,
      objectives: [...(of.objectives ?? [])],
      schedule: [],
      settings: of.settings,
      sessions: 'none',
    },
  };
}
