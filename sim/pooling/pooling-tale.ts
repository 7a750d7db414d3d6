/** What a pooling endpoint tells: who was pinned and why, and who came through an absence. */
import type { Clock } from '../clock.js';
import type { Emit } from '../events.js';
import type { PinReason } from './pinning.js';
import type { SessionFate } from './pooled-session.js';

export interface PoolingTaleOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Fates that the writer's absence is the reason of. */
const cancelled: readonly SessionFate[] = ['in-transaction', 'in-statement', 'pinned', 'timed-out'];

export class PoolingTale {
  readonly #options: PoolingTaleOptions;
  readonly #pins = new Map<PinReason, number>();
  readonly #fates = new Map<SessionFate, number>();
  /** Since the writer went away: who was idle then, and who was ended since. */
  #absence: { readonly sinceNs: number; readonly idle: number } | undefined;

  constructor(options: PoolingTaleOptions) {
    this.#options = options;
  }

  pinned(reason: PinReason): void {
    const count = (this.#pins.get(reason) ?? 0) + 1;
    this.#pins.set(reason, count);
    // The first of a kind says it all; how many there were is told at the end.
    if (count === 1) this.#note('info', 'session-pinned', `a session was pinned: ${reason}`);
  }

  ended(fate: SessionFate): void {
    const count = (this.#fates.get(fate) ?? 0) + 1;
    this.#fates.set(fate, count);
    if (cancelled.includes(fate)) this.#gauge(`pooling.ended.${fate}`, count);
  }

  /** @param idle sessions that had nothing under way */
  away(idle: number): void {
    const sinceNs = this.#options.clock.nowNs();
    this.#absence = { sinceNs, idle };
    this.#gauge('pooling.kept', idle);
    const text = `the writer is out of reach: ${idle} idle sessions stay, requests wait for it`;
    this.#note('info', 'pooling-away', text);
  }

  /** @param waits of the requests that waited meanwhile */
  back(waits: { readonly count: number; readonly nsMax: number }, sessions: number): void {
    const absence = this.#absence;
    this.#absence = undefined;
    if (absence === undefined) return;
    const awayMs = Math.round((this.#options.clock.nowNs() - absence.sinceNs) / 1e6);
    const longest = Math.round(waits.nsMax / 1e6);
    const text =
      `the writer is back after ${awayMs} ms: ${sessions} sessions are there, ` +
      `requests waited ${longest} ms at most`;
    this.#note('info', 'pooling-back', text);
  }

  /** Nothing more comes. */
  end(): void {
    for (const [reason, count] of this.#pins) this.#gauge(`pooling.pinned.${reason}`, count);
  }

  #gauge(name: string, value: number): void {
    const { clock, emit } = this.#options;
    const data = { name, value, unit: null };
    emit({ atNs: clock.nowNs(), clock: 'client', kind: 'gauge', subject: this.#subject, data });
  }

  #note(level: 'info' | 'warning', code: string, text: string): void {
    const { clock, emit } = this.#options;
    const data = { level, code, text };
    emit({ atNs: clock.nowNs(), clock: 'client', kind: 'note', subject: this.#subject, data });
  }

  get #subject(): { endpoint: string } {
    return { endpoint: this.#options.name };
  }
}
