/**
 * Every key of the screen, once: what is pressed, what it does, and where the footer names it. The
 * help on the screen, the footer and the table in the documentation are made from this.
 */
import { characters, type Line, packedLine, type Span, span, spread } from './line.js';

/** What a key asks for. */
export type Command =
  | 'pause'
  | 'left'
  | 'right'
  | 'far-left'
  | 'far-right'
  | 'next-outage'
  | 'previous-outage'
  | 'zoom-in'
  | 'zoom-out'
  | 'fit'
  | 'follow'
  | 'home'
  | 't0'
  | 'lane-up'
  | 'lane-down'
  | 'lane'
  | 'errors'
  | 'lower'
  | 'slower'
  | 'faster'
  | 'report'
  | 'help'
  | 'close'
  | 'quit';

/** Of a run under way and one that has ended, or of a replay. */
export type KeyMode = 'live' | 'replay';

export interface Key {
  readonly command: Command;
  /** As `keyName` gives them. */
  readonly names: readonly string[];
  readonly shown: string;
  readonly ascii?: string;
  readonly live: string | null;
  readonly replay: string | null;
  /** A word for the footer, the most needed first. */
  readonly footer?: { readonly word: string; readonly rank: number; readonly right?: boolean };
}

const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

export const keys: readonly Key[] = [
  {
    command: 'pause',
    names: ['space'],
    shown: 'space',
    live: 'hold the picture, and follow again',
    replay: 'play, pause',
    footer: { word: 'pause', rank: 1 },
  },
  {
    command: 'left',
    names: ['left', 'h'],
    shown: '← h',
    ascii: 'left h',
    live: 'one column back',
    replay: 'one tick back',
    footer: { word: 'scroll', rank: 3 },
  },
  {
    command: 'right',
    names: ['right', 'l'],
    shown: '→ l',
    ascii: 'right l',
    live: 'one column on',
    replay: 'one tick on',
  },
  {
    command: 'far-left',
    names: ['shift+left', 'H'],
    shown: 'shift+← H',
    ascii: 'shift+left H',
    live: 'ten seconds back',
    replay: 'ten seconds back',
  },
  {
    command: 'far-right',
    names: ['shift+right', 'L'],
    shown: 'shift+→ L',
    ascii: 'shift+right L',
    live: 'ten seconds on',
    replay: 'ten seconds on',
  },
  {
    command: 'next-outage',
    names: ['n'],
    shown: 'n',
    live: 'next outage',
    replay: 'next outage',
    footer: { word: 'outage', rank: 8 },
  },
  {
    command: 'previous-outage',
    names: ['p', 'N'],
    shown: 'p N',
    live: 'previous outage',
    replay: 'previous outage',
  },
  {
    command: 'zoom-in',
    names: ['+', '='],
    shown: '+',
    live: 'zoom in, down to one tick a cell',
    replay: 'zoom in, down to one tick a cell',
    footer: { word: 'zoom', rank: 4 },
  },
  {
    command: 'zoom-out',
    names: ['-', '_'],
    shown: '-',
    live: 'zoom out: a cell shows the worst of its ticks',
    replay: 'zoom out: a cell shows the worst of its ticks',
  },
  {
    command: 'fit',
    names: ['0'],
    shown: '0',
    live: 'the whole run',
    replay: 'the whole run',
    footer: { word: 'fit', rank: 7 },
  },
  {
    command: 'follow',
    names: ['f', 'end', 'G'],
    shown: 'f G end',
    live: 'follow the newest tick',
    replay: 'to the end',
    footer: { word: 'follow', rank: 9 },
  },
  {
    command: 'home',
    names: ['home', 'g'],
    shown: 'g home',
    live: 'to the begin',
    replay: 'to the begin',
  },
  { command: 't0', names: ['t'], shown: 't', live: 'to T0', replay: 'to T0' },
  {
    command: 'lane-up',
    names: ['up', 'k'],
    shown: '↑ k',
    ascii: 'up k',
    live: 'the lane above',
    replay: 'the lane above',
  },
  {
    command: 'lane-down',
    names: ['down', 'j'],
    shown: '↓ j',
    ascii: 'down j',
    live: 'the lane below',
    replay: 'the lane below',
  },
  {
    command: 'lane',
    names: digits,
    shown: '1-9',
    live: 'a lane: its polls, kinds of error, p50, p95, outages',
    replay: 'a lane: its polls, kinds of error, p50, p95, outages',
    footer: { word: 'lane', rank: 5 },
  },
  {
    command: 'errors',
    names: ['e'],
    shown: 'e',
    live: 'kinds of error in place of full blocks',
    replay: 'kinds of error in place of full blocks',
    footer: { word: 'errors', rank: 6 },
  },
  {
    command: 'lower',
    names: ['v'],
    shown: 'v',
    live: 'events, verdict or topology in all of the lower half',
    replay: 'events, verdict or topology in all of the lower half',
    footer: { word: 'view', rank: 10 },
  },
  { command: 'slower', names: ['['], shown: '[', live: null, replay: 'half the speed' },
  {
    command: 'faster',
    names: [']'],
    shown: ']',
    live: null,
    replay: 'twice the speed, up to 32x',
  },
  {
    command: 'report',
    names: ['r'],
    shown: 'r',
    live: 'write a report now and show its path',
    replay: 'write a report and show its path',
    footer: { word: 'report', rank: 11 },
  },
  {
    command: 'help',
    names: ['?'],
    shown: '?',
    live: 'this help',
    replay: 'this help',
    footer: { word: 'help', rank: 2 },
  },
  {
    command: 'close',
    names: ['escape'],
    shown: 'esc',
    live: 'close the help, leave the lane',
    replay: 'close the help, leave the lane',
  },
  {
    command: 'quit',
    names: ['q', 'ctrl+c'],
    shown: 'q ctrl+c',
    live: 'stop the run, tear down, judge what there is; twice: leave now',
    replay: 'leave',
    footer: { word: 'quit', rank: 0, right: true },
  },
];

/** The key of that name in that mode. */
export function keyOf(name: string, mode: KeyMode): Key | undefined {
  return keys.find((key) => key.names.includes(name) && key[mode] !== null);
}

function shownOf(key: Key, ascii: boolean): string {
  return ascii ? (key.ascii ?? key.shown) : key.shown;
}

/** Two keys of one meaning have one word in the footer. */
const footerKeys: Readonly<Partial<Record<Command, { shown: string; ascii: string }>>> = {
  left: { shown: '←→', ascii: '<->' },
  'zoom-in': { shown: '+/-', ascii: '+/-' },
  'next-outage': { shown: 'n/p', ascii: 'n/p' },
  follow: { shown: 'f', ascii: 'f' },
  quit: { shown: 'q', ascii: 'q' },
};

interface FooterOptions {
  readonly mode: KeyMode;
  readonly ascii: boolean;
  readonly lanes: number;
  /** Whether the picture goes on: the same key holds it and lets it go. */
  readonly moves: boolean;
}

/** The last line of the screen: as many keys as fit, the most needed ones first. */
export function footer(columns: number, options: FooterOptions): Line {
  const named = keys.flatMap((key) =>
    key.footer === undefined || key[options.mode] === null ? [] : [{ key, ...key.footer }],
  );
  const right = named.filter((one) => one.right === true);
  const rest = named.filter((one) => one.right !== true);
  const rightLine = packedLine(
    right.map(({ key, word }) => footerPart(key, word, options)),
    columns,
  );
  const room = columns - 2 - rightLine.reduce((sum, { text }) => sum + characters(text), 0);
  const kept = new Set<Key>();
  let used = 0;
  for (const { key, word } of [...rest].sort((a, b) => a.rank - b.rank)) {
    const width = footerPart(key, word, options).reduce(
      (sum, { text }) => sum + characters(text),
      used === 0 ? 1 : gap,
    );
    if (used + width > room) break;
    used += width;
    kept.add(key);
  }
  const parts = rest
    .filter(({ key }) => kept.has(key))
    .map(({ key, word }) => footerPart(key, word, options));
  return spread(
    [span(' '), ...packedLine(parts, columns, gap)],
    [...rightLine, span(' ')],
    columns,
  );
}

const gap = 3;

function footerPart(key: Key, word: string, options: FooterOptions): Span[] {
  const { ascii, lanes, mode, moves } = options;
  const own = footerKeys[key.command];
  const name = own === undefined ? shownOf(key, ascii) : ascii ? own.ascii : own.shown;
  const shown = key.command === 'lane' ? `1-${Math.min(9, Math.max(1, lanes))}` : name;
  const said = key.command !== 'pause' || moves ? word : mode === 'replay' ? 'play' : 'follow';
  return [span(shown, 'accent'), span(` ${said}`)];
}

/** The help of one mode: a line for each key. */
export function helpLines(mode: KeyMode, ascii: boolean): Line[] {
  const rows = keys.flatMap((key) => {
    const what = key[mode];
    return what === null ? [] : [{ shown: shownOf(key, ascii), what }];
  });
  const width = Math.max(...rows.map(({ shown }) => characters(shown)));
  return rows.map(({ shown, what }) => [
    span('  '),
    span(shown + ' '.repeat(width - characters(shown)), 'accent'),
    span(`   ${what}`),
  ]);
}

/** The table of all keys for the documentation, in Markdown. */
export function keysMarkdown(): string {
  const rows = keys.map(
    ({ shown, live, replay }) =>
      `| ${shown
        .split(' ')
        .map((name) => `\`${name}\``)
        .join(' ')} | ${live ?? '-'} | ${replay ?? '-'} |`,
  );
  return ['| key | while a run goes on | in a replay |', '| - | - | - |', ...rows, ''].join('\n');
}
