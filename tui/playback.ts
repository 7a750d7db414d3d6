/** A history that is played again: at a speed, from any instant, forwards and back. */
import type { Entry } from '../harness/history/entry.js';
import { type ReadDamage, undamaged } from '../harness/measure/history-gaps.js';
import type { Stretch } from '../harness/measure/lane.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import { RunView } from '../harness/view/run-view.js';
import { outageAfter, outageBefore } from '../harness/view/window.js';
import type { Clock, Timer } from '../sim/clock.js';
import type { Command } from './keys.js';
import type { Mode } from './sections/header.js';
import { Listeners, publishEveryMs, type Source } from './source.js';

export const speedMin = 0.25;
export const speedMax = 32;

export interface PlaybackOptions {
  readonly clock: Clock;
  readonly entries: readonly Entry[];
  readonly damage?: ReadDamage;
  readonly speed?: number;
  /** Where it begins, nanoseconds of the history's clock. */
  readonly atNs?: number;
}

export class Playback implements Source {
  readonly #clock: Clock;
  readonly #entries: readonly Entry[];
  readonly #damage: ReadDamage;
  readonly #listeners = new Listeners();
  readonly #endNs: number;
  /** Of the whole run; a replay knows what is to come. */
  readonly #outages: readonly Stretch[];
  readonly #t0Ns: number | null;
  readonly #tickNs: number;
  #view = new RunView();
  #taken = 0;
  #atNs = 0;
  #speed: number;
  #playing = false;
  #timer: Timer | null = null;
  #lastNs = 0;
  #jumpedNs: number | null = null;

  constructor({ clock, entries, damage = undamaged, speed = 1, atNs = 0 }: PlaybackOptions) {
    this.#clock = clock;
    this.#entries = inOrder(entries);
    this.#damage = damage;
    this.#speed = speed;
    this.#endNs = this.#entries.at(-1)?.atNs ?? 0;
    const whole = new RunView();
    whole.take(this.#entries, damage);
    this.#outages = whole.outages();
    this.#t0Ns = whole.t0Ns;
    this.#tickNs = whole.scale.tickNs;
    this.#begin();
    this.seek(atNs);
  }

  /** The last instant of the history. */
  get endNs(): number {
    return this.#endNs;
  }

  /** The run's T0, or null where it has none. */
  get t0Ns(): number | null {
    return this.#t0Ns;
  }

  get view(): RunView {
    return this.#view;
  }

  get report(): RunReport {
    return this.#view.soFar();
  }

  get mode(): Mode {
    const play = {
      speed: this.#speed,
      playing: this.#playing,
      atNs: this.#atNs,
      endNs: this.#endNs,
      t0Ns: this.#t0Ns,
    };
    return { kind: 'replay', play };
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Shows the run as it was at that instant. */
  seek(atNs: number): void {
    const to = Math.min(this.#endNs, Math.max(0, atNs));
    if (to < this.#atNs) this.#begin();
    this.#atNs = to;
    const from = this.#taken;
    while ((this.#entries[this.#taken]?.atNs ?? Number.POSITIVE_INFINITY) <= to) this.#taken += 1;
    if (this.#taken > from) this.#view.take(this.#entries.slice(from, this.#taken));
    this.#listeners.tell();
  }

  play(): void {
    if (this.#atNs >= this.#endNs) this.seek(0);
    this.#playing = true;
    this.#lastNs = this.#clock.nowNs();
    this.#schedule();
    this.#listeners.tell();
  }

  pause(): void {
    this.#playing = false;
    this.close();
    this.#listeners.tell();
  }

  press(command: Command): boolean {
    const goes = this.#goals[command];
    if (goes === undefined) return false;
    goes();
    return true;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  readonly #goals: Readonly<Partial<Record<Command, () => void>>> = {
    pause: () => (this.#playing ? this.pause() : this.play()),
    left: () => this.#goTo(this.#atNs - this.#tickNs),
    right: () => this.#goTo(this.#atNs + this.#tickNs),
    'far-left': () => this.#goTo(this.#atNs - 10e9),
    'far-right': () => this.#goTo(this.#atNs + 10e9),
    home: () => this.#goTo(0),
    follow: () => this.#goTo(this.#endNs),
    t0: () => this.#goTo(this.#t0Ns ?? 0),
    slower: () => this.#setSpeed(this.#speed / 2),
    faster: () => this.#setSpeed(this.#speed * 2),
    'next-outage': () => this.#jump(outageAfter(this.#outages, this.#jumpedNs ?? this.#atNs)),
    'previous-outage': () => this.#jump(outageBefore(this.#outages, this.#jumpedNs ?? this.#atNs)),
  };

  /** One who goes somewhere wants to look at it. */
  #goTo(atNs: number): void {
    this.#playing = false;
    this.close();
    this.#jumpedNs = null;
    this.seek(atNs);
  }

  /** To where the first failure of the outage can be seen. */
  #jump(outage: Stretch | null): void {
    if (outage === null) return;
    this.#goTo(outage.fromNs + 2 * this.#tickNs);
    this.#jumpedNs = outage.fromNs;
  }

  #setSpeed(speed: number): void {
    this.#speed = Math.min(speedMax, Math.max(speedMin, speed));
    this.#listeners.tell();
  }

  #begin(): void {
    this.#view = new RunView();
    this.#view.take([], this.#damage);
    this.#taken = 0;
    this.#atNs = 0;
  }

  #schedule(): void {
    this.close();
    this.#timer = this.#clock.timer(publishEveryMs, () => {
      if (!this.#playing) return;
      const nowNs = this.#clock.nowNs();
      const toNs = this.#atNs + (nowNs - this.#lastNs) * this.#speed;
      this.#lastNs = nowNs;
      this.seek(toNs);
      if (this.#atNs >= this.#endNs) this.pause();
      else this.#schedule();
    });
  }
}

/** By their instants; of one instant in the order in which each producer told them. */
function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort(
    (a, b) =>
      a.atNs - b.atNs ||
      (a.producer < b.producer ? -1 : a.producer > b.producer ? 1 : a.seq - b.seq),
  );
}
