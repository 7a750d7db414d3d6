/** Marks and rules in two sets: one for terminals with Unicode, and 7-bit. */

export interface Marks {
  readonly done: string;
  readonly running: string;
  readonly toDo: string;
  readonly live: string;
  readonly paused: string;
  readonly replay: string;
  readonly ended: string;
  readonly rule: string;
  readonly tee: string;
  readonly wall: string;
  readonly corner: readonly [left: string, right: string];
  readonly to: string;
  readonly zero: string;
  readonly here: string;
  readonly ends: readonly [left: string, right: string];
  readonly stalled: string;
  readonly selected: string;
  readonly operators: Readonly<Record<string, string>>;
  /** From nothing to the most. */
  readonly levels: readonly string[];
}

export const unicodeMarks: Marks = {
  done: '✓',
  running: '▶',
  toDo: '·',
  live: '●',
  paused: '‖',
  replay: '▷',
  ended: '■',
  rule: '─',
  tee: '├',
  wall: '│',
  corner: ['└', '┘'],
  to: '→',
  zero: '▼',
  here: '▮',
  ends: ['├', '┤'],
  stalled: '-',
  selected: '▸',
  operators: { '<=': '≤', '>=': '≥', '==': '=', '!=': '≠' },
  levels: [...'▁▂▃▄▅▆▇█'],
};

export const asciiMarks: Marks = {
  done: '+',
  running: '>',
  toDo: '.',
  live: '*',
  paused: '||',
  replay: '>>',
  ended: '#',
  rule: '-',
  tee: '|',
  wall: '|',
  corner: ['`', "'"],
  to: '->',
  zero: 'v',
  here: '#',
  ends: ['|', '|'],
  stalled: '-',
  selected: '>',
  operators: {},
  levels: [...'_.-=+*#@'],
};

export function marksOf(ascii: boolean): Marks {
  return ascii ? asciiMarks : unicodeMarks;
}
