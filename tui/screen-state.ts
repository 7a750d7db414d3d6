/** What a person has done to the picture: where it looks, what it shows; and what keys do to it. */
import type { Stretch } from '../harness/measure/lane.js';
import type { Axis } from '../harness/view/cluster-rows.js';
import {
  centred,
  fitStep,
  outageAfter,
  outageBefore,
  type Scale,
  scrolled,
  usualStep,
  windowAt,
  zoomStepMax,
} from '../harness/view/window.js';
import type { Command } from './keys.js';
import type { Lower } from './layout.js';

export interface ScreenState {
  /** How far it is zoomed out; null: as is usual for the run. */
  readonly step: number | 'fit' | null;
  /** The right end of what is shown; null: the newest tick. */
  readonly rightNs: number | null;
  /** The instant at which the picture was held; null: it is not. */
  readonly heldNs: number | null;
  /** The name of a lane, or null. */
  readonly selected: string | null;
  readonly errorKinds: boolean;
  readonly lower: Lower;
  readonly help: boolean;
  /** The outage to which was jumped last: from there on the next one is looked for. */
  readonly jumpedNs: number | null;
  /** Said in the last line until the next key. */
  readonly notice: string | null;
}

export const firstState: ScreenState = {
  step: null,
  rightNs: null,
  heldNs: null,
  selected: null,
  errorKinds: false,
  lower: 'all',
  help: false,
  jumpedNs: null,
  notice: null,
};

/** What keys need to know of the run and of what is drawn. */
export interface Surroundings {
  readonly scale: Scale;
  readonly t0Ns: number | null;
  readonly nowNs: number;
  /** How many columns of time there are. */
  readonly columns: number;
  /** Lanes, from above. */
  readonly lanes: readonly string[];
  readonly outages: readonly Stretch[];
}

/** Whether somebody looks at something else than what is newest. */
export function isLookingAround(state: ScreenState): boolean {
  const { heldNs, rightNs, help } = state;
  return heldNs !== null || rightNs !== null || help;
}

/** The scale up to the instant at which the picture was held. */
export function shownScale({ heldNs }: ScreenState, scale: Scale): Scale {
  if (heldNs === null) return scale;
  const toNs = Math.max(scale.span.fromNs, Math.min(scale.span.toNs, heldNs));
  return { ...scale, span: { ...scale.span, toNs } };
}

export function stepOf({ step }: ScreenState, scale: Scale, columns: number): number {
  if (step === 'fit') return fitStep(scale, columns);
  return step ?? usualStep(scale);
}

/** The columns of time that the picture shows. */
export function axisOf(state: ScreenState, whole: Scale, columns: number): Axis {
  const scale = shownScale(state, whole);
  return windowAt(scale, stepOf(state, scale, columns), columns, state.rightNs);
}

const farNs = 10e9;
const lowers: readonly Lower[] = ['all', 'events', 'verdict', 'topology'];

/** What a key does to the picture; what it does to the run is not for here. */
export function pressed(
  state: ScreenState,
  command: Command,
  around: Surroundings,
  digit = 0,
): ScreenState {
  const next = { ...state, notice: null };
  switch (command) {
    case 'pause':
      return state.heldNs === null
        ? { ...next, heldNs: around.nowNs }
        : { ...next, heldNs: null, rightNs: null };
    case 'follow':
      return { ...next, heldNs: null, rightNs: null };
    case 'lane':
      return { ...next, selected: around.lanes[digit - 1] ?? state.selected };
    case 'lane-up':
    case 'lane-down':
      return { ...next, selected: neighbour(state, around, command === 'lane-up' ? -1 : 1) };
    case 'errors':
      return { ...next, errorKinds: !state.errorKinds };
    case 'lower':
      return { ...next, lower: lowers[(lowers.indexOf(state.lower) + 1) % lowers.length] ?? 'all' };
    case 'help':
      return { ...next, help: !state.help };
    case 'close':
      return state.help ? { ...next, help: false } : { ...next, selected: null };
    default:
      return { ...next, jumpedNs: null, ...moved(state, command, around) };
  }
}

function neighbour({ selected }: ScreenState, { lanes }: Surroundings, by: -1 | 1): string | null {
  const at = selected === null ? -1 : lanes.indexOf(selected);
  if (at === -1) return (by === 1 ? lanes.at(0) : lanes.at(-1)) ?? null;
  return lanes[Math.min(lanes.length - 1, Math.max(0, at + by))] ?? selected;
}

function moved(state: ScreenState, command: Command, around: Surroundings): Partial<ScreenState> {
  const { columns, outages } = around;
  const scale = shownScale(state, around.scale);
  const axis = axisOf(state, around.scale, columns);
  const step = stepOf(state, scale, columns);
  const far = Math.max(1, Math.round(farNs / axis.columnNs));
  const to = (atNs: number): Partial<ScreenState> => ({ rightNs: centred(scale, axis, atNs) });
  switch (command) {
    case 'left':
      return { rightNs: scrolled(scale, axis, -1) };
    case 'right':
      return { rightNs: scrolled(scale, axis, 1) };
    case 'far-left':
      return { rightNs: scrolled(scale, axis, -far) };
    case 'far-right':
      return { rightNs: scrolled(scale, axis, far) };
    case 'zoom-in':
      return { step: Math.max(0, step - 1) };
    case 'zoom-out':
      return { step: Math.min(zoomStepMax, step + 1) };
    case 'fit':
      return { step: 'fit', rightNs: null };
    case 'home':
      return { rightNs: scale.span.fromNs };
    case 't0':
      return around.t0Ns === null ? {} : to(around.t0Ns);
    case 'next-outage': {
      const found = outageAfter(outages, state.jumpedNs ?? axis.originNs);
      if (found === null) return { jumpedNs: state.jumpedNs, notice: 'no later outage' };
      return { ...to(found.fromNs), jumpedNs: found.fromNs };
    }
    case 'previous-outage': {
      const endNs = axis.originNs + axis.columns * axis.columnNs;
      const found = outageBefore(outages, state.jumpedNs ?? endNs);
      if (found === null) return { jumpedNs: state.jumpedNs, notice: 'no earlier outage' };
      return { ...to(found.fromNs), jumpedNs: found.fromNs };
    }
    default:
      return {};
  }
}
