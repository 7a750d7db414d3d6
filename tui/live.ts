/**
 * A run under way, or one that another terminal runs, as a source of pictures. Entries change
 * nothing by themselves: what came is published four times a second, and judged about once.
 */
import type { Entry } from '../harness/history/entry.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import { RunView } from '../harness/view/run-view.js';
import type { Clock, Timer } from '../sim/clock.js';
import type { Mode } from './sections/header.js';
import { Listeners, publishEveryMs, type Source } from './source.js';

const waitEveryMs = 1_000;
const judgeEveryMs = 1_000;
/** Judging takes this share of the time at most, however long the run. */
const judgeShare = 1 / 20;

export class LiveSource implements Source {
  readonly view = new RunView();
  readonly mode: Mode = { kind: 'live' };
  readonly #clock: Clock;
  readonly #listeners = new Listeners();
  #timer: Timer | null = null;
  #report: RunReport;
  #judgedVersion = 0;
  #nextJudgeNs = 0;
  /** Whether the timer is there only because nothing comes. */
  #onlyWaits = false;
  /** When something came last, on our own clock. */
  #cameNs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#report = this.view.soFar();
  }

  /** Takes what came to the history. */
  take(entries: readonly Entry[]): void {
    const { view } = this;
    const isFirst = view.started === null;
    view.take(entries);
    this.#cameNs = this.#clock.nowNs();
    if (this.#onlyWaits) this.close();
    if (isFirst && view.started !== null) this.publish();
    else this.#publishIn(publishEveryMs);
  }

  /** Shows what came until now, at once; at the end of a run with its own verdict. */
  publish(): void {
    this.close();
    this.#wait();
    this.#judge();
    this.#listeners.tell();
  }

  get report(): RunReport {
    return this.#report;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  press(): boolean {
    return false;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#onlyWaits = false;
  }

  #publishIn(delayMs: number): void {
    this.#timer ??= this.#clock.timer(delayMs, () => this.publish());
  }

  /**
   * Until the first poll there may be no entry for long, while servers start and data are loaded:
   * then the time that passes is what is to be seen. Later on nothing moves without an entry.
   */
  #wait(): void {
    const { view } = this;
    if (view.started === null || view.finished !== null || view.hasPolls) return;
    view.pass(this.#clock.nowNs() - this.#cameNs);
    this.#publishIn(waitEveryMs);
    this.#onlyWaits = true;
  }

  #judge(): void {
    const { view } = this;
    const beginNs = this.#clock.nowNs();
    if (view.version === this.#judgedVersion) return;
    if (view.finished === null && beginNs < this.#nextJudgeNs) return;
    this.#report = view.soFar();
    this.#judgedVersion = view.version;
    const tookNs = this.#clock.nowNs() - beginNs;
    this.#nextJudgeNs = beginNs + Math.max(judgeEveryMs * 1e6, tookNs / judgeShare);
  }
}
