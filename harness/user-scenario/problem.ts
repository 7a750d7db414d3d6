/** What is wrong in a scenario of a user's own, and where. */

/** Where in the value: `['phases', 0, 'steps', 2, 'command']`. */
export type ValuePath = readonly (string | number)[];

export interface Problem {
  /** Stable and greppable: `KEY_UNKNOWN`, `STEP_UNKNOWN`, … */
  readonly code: string;
  readonly path: ValuePath;
  /** Whether the place is the key itself, not its value. */
  readonly ofKey?: true;
  /** A sentence without its full stop. */
  readonly what: string;
  /** Where a name was typed that is none of those that there are. */
  readonly near?: { readonly typed: string; readonly known: readonly string[] };
}

/** `phases[0].steps[2].command`; `the whole` for the whole. */
export function pathText(path: ValuePath): string {
  const text = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
  return text === '' ? 'the whole' : text;
}
