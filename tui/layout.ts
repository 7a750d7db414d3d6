/**
 * What of the screen is shown at a size. Header, the first lane and the keys are always there;
 * where rows are short, the rest goes in a fixed order; where there are more, events and verdict
 * get them. Pure.
 */

export const columnsMin = 60;
export const rowsMin = 12;
/** From here on the lower half has topology, checks and sessions side by side. */
const columnsWide = 110;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The rows of time, by when they go where there are too many; `first` never goes. */
export type RowRank = 'first' | 'lane' | 'served' | 'reader' | 'lag' | 'commits' | 'names';

export interface WantedRow {
  readonly rank: RowRank;
  /** Stays as long as any lane does. */
  readonly keep: boolean;
}

/** What takes the lower half for itself. */
export type Lower = 'all' | 'events' | 'verdict' | 'topology';

export interface Wanted {
  readonly rows: readonly WantedRow[];
  readonly events: number;
  readonly objectives: number;
  /** Of the panels side by side: the rows of the longest. */
  readonly panels: number;
  /** Of what is told of the lane that is selected; 0: none is. */
  readonly detail: number;
  readonly lower: Lower;
  /** The longest label of a row. */
  readonly label: number;
}

export interface Layout {
  readonly columns: number;
  /** Lines in all: the last row of the terminal stays empty, so that nothing ever scrolls. */
  readonly lines: number;
  readonly labelColumns: number;
  readonly cellColumns: number;
  readonly wholeRun: boolean;
  readonly phases: boolean;
  readonly ruler: boolean;
  /** Which of the wanted rows are there. */
  readonly rows: readonly boolean[];
  readonly legend: boolean;
  /** Rows of what follows, the title's included; 0: not there. */
  readonly panels: number;
  readonly sessions: number;
  readonly detail: number;
  readonly events: number;
  readonly verdict: number;
  readonly topology: number;
}

/** Both with the space before them. */
export const nowColumns = 12;
export const downColumns = 9;
const labelColumnsMin = 12;

/** Null: the window is too small for more than one line. */
export function layout({ columns, rows }: Size, wanted: Wanted): Layout | null {
  if (columns < columnsMin || rows < rowsMin) return null;
  const labelMost = Math.max(labelColumnsMin, Math.min(28, Math.floor(columns / 5)));
  // A space before the label and one behind it.
  const labelColumns = 2 + Math.min(labelMost, Math.max(labelColumnsMin, wanted.label));
  const plan = new Plan(wanted, rows - 1, columns >= columnsWide);
  return {
    columns,
    lines: rows - 1,
    labelColumns,
    cellColumns: columns - labelColumns - nowColumns - downColumns,
    ...plan.fit(),
  };
}

const sessionsRows = 2;
const wholeRunRows = 2;
/** A title and what is below it. */
const eventsUsual = 5;
const verdictUsual = 4;
const leastRows = 2;

type Fitted = Omit<Layout, 'columns' | 'lines' | 'labelColumns' | 'cellColumns'>;

class Plan {
  readonly #wanted: Wanted;
  readonly #lines: number;
  readonly #rows: boolean[];
  #wholeRun: boolean;
  #phases = true;
  #ruler = true;
  #legend = true;
  #panels: number;
  #sessions: number;
  #topology = 0;
  /** Rows of the sections that shrink row by row. */
  readonly #lower: Record<'events' | 'verdict' | 'detail', number>;

  constructor(wanted: Wanted, lines: number, isWide: boolean) {
    this.#wanted = wanted;
    this.#lines = lines;
    this.#rows = wanted.rows.map(() => true);
    const isWhole = wanted.lower === 'all';
    this.#wholeRun = isWide;
    this.#panels = isWide && isWhole ? wanted.panels + 1 : 0;
    // The panels have the sessions among them.
    this.#sessions = isWhole && this.#panels === 0 ? sessionsRows : 0;
    this.#lower = {
      detail: wanted.detail === 0 ? 0 : wanted.detail + 1,
      events: isWhole ? Math.min(eventsUsual, wanted.events + 1) : 0,
      verdict: isWhole ? Math.min(verdictUsual, wanted.objectives + 1) : 0,
    };
  }

  fit(): Fitted {
    for (const drop of this.#drops()) {
      if (this.#height <= this.#lines) break;
      drop();
    }
    this.#grow();
    return {
      wholeRun: this.#wholeRun,
      phases: this.#phases,
      ruler: this.#ruler,
      rows: this.#rows,
      legend: this.#legend,
      panels: this.#panels,
      sessions: this.#sessions,
      detail: this.#lower.detail,
      events: this.#lower.events,
      verdict: this.#lower.verdict,
      topology: this.#topology,
    };
  }

  get #height(): number {
    const header = 1 + (this.#phases ? 1 : 0) + (this.#wholeRun ? wholeRunRows : 0);
    const time = (this.#ruler ? 2 : 0) + this.#rows.filter(Boolean).length;
    const footer = 1 + (this.#legend ? 1 : 0);
    return (
      header +
      time +
      footer +
      this.#panels +
      this.#sessions +
      this.#lower.detail +
      this.#lower.events +
      this.#lower.verdict +
      this.#leastOfLower
    );
  }

  /** What has the lower half for itself gets what is left, and this at least. */
  get #leastOfLower(): number {
    return this.#wanted.lower === 'all' ? 0 : 4;
  }

  /** What goes, one after the other. */
  *#drops(): Generator<() => void> {
    yield () => {
      this.#wholeRun = false;
    };
    yield () => {
      this.#legend = false;
    };
    yield () => {
      if (this.#panels === 0) return;
      this.#panels = 0;
      this.#sessions = sessionsRows;
    };
    for (const rank of ['names', 'commits', 'lag', 'reader'] as const) yield* this.#dropRows(rank);
    if (this.#wanted.lower === 'all') {
      yield* this.#shrink('events');
      yield () => {
        this.#sessions = 0;
      };
      yield* this.#shrink('verdict');
      yield () => {
        this.#lower.events = 0;
      };
    }
    yield* this.#shrink('detail');
    for (const rank of ['served', 'lane'] as const) yield* this.#dropRows(rank);
    yield () => {
      this.#phases = false;
    };
    yield () => {
      this.#ruler = false;
    };
    yield () => {
      this.#lower.verdict = 0;
    };
  }

  *#shrink(section: 'events' | 'verdict' | 'detail'): Generator<() => void> {
    while (this.#lower[section] > leastRows)
      yield () => {
        this.#lower[section] -= 1;
      };
  }

  *#dropRows(rank: RowRank): Generator<() => void> {
    for (let index = this.#rows.length - 1; index >= 0; index--) {
      const row = this.#wanted.rows[index];
      if (row?.rank === rank && !row.keep)
        yield () => {
          this.#rows[index] = false;
        };
    }
  }

  /** Gives away the rows that are left. */
  #grow(): void {
    const { lower, events, objectives } = this.#wanted;
    const left = (): number => this.#lines - this.#height;
    if (lower !== 'all') {
      const rows = left() + this.#leastOfLower;
      if (lower === 'events') this.#lower.events = rows;
      else if (lower === 'verdict') this.#lower.verdict = rows;
      else this.#topology = rows;
      return;
    }
    if (this.#lower.verdict > 0)
      this.#lower.verdict += Math.max(0, Math.min(left(), objectives + 1 - this.#lower.verdict));
    if (this.#lower.events > 0)
      this.#lower.events += Math.max(0, Math.min(left(), events + 1 - this.#lower.events));
  }
}
