/** What the world told, as rows of stretches: engine, endpoint, names, statuses, faults. Pure. */
import { type Held, whenHeld } from '../../measure/gauge-values.js';
import type { Stretch } from '../../measure/lane.js';
import type { Measurement } from '../../measure/measure.js';
import { isUsual } from '../../view/cluster-rows.js';
import { clusterOf } from '../cluster-facts.js';

export interface StateStretch extends Stretch {
  readonly value: string;
  /** How it is drawn: as it always is, as something that is out of the ordinary, or as wrong. */
  readonly look: 'usual' | 'unusual' | 'wrong';
}

export interface StateRow {
  readonly label: string;
  readonly stretches: readonly StateStretch[];
}

/** Rows that have anything to tell. */
export function stateRows(measurement: Measurement): StateRow[] {
  const { windows, endNs } = measurement;
  const of = (value: string, list: readonly Stretch[] = []): StateStretch[] =>
    list.map(({ fromNs, toNs }) => ({ fromNs, toNs, value, look: 'unusual' }));
  const rows: StateRow[] = [
    { label: 'engine', stretches: of('down', windows?.engine) },
    { label: 'endpoint', stretches: of('not open', windows?.endpoint) },
    { label: 'injected faults', stretches: of('fault', windows?.faults) },
    ...servedRows(measurement),
    ...nameRows(measurement),
    ...statusRows(measurement),
  ];
  return rows
    .map(({ label, stretches }) => ({
      label,
      stretches: stretches.filter(({ fromNs, toNs }) => toNs > fromNs && fromNs <= endNs),
    }))
    .filter(({ stretches }) => stretches.length > 0);
}

/** Which version answered, by the lanes that dial anew; one version throughout tells nothing. */
function servedRows({ lanes }: Measurement): StateRow[] {
  return lanes
    .filter(({ spec }) => spec.kind === 'new-connection')
    .flatMap(({ spec, ticks }) => {
      const answers: Held[] = [];
      for (const { version, startNs } of ticks)
        if (version !== null && answers.at(-1)?.value !== version)
          answers.push({ atNs: startNs, value: version });
      if (answers.length < 2) return [];
      const endNs = (ticks.at(-1)?.startNs ?? 0) + spec.intervalMs * 1e6;
      const target = spec.name.includes('/') ? ` ${spec.name.split('/')[0]}` : '';
      return [{ label: `served by${target}`, stretches: held(answers, endNs, () => 'usual') }];
    });
}

/** Names that changed their answer, and where the answer was stale. */
function nameRows({ names, endNs }: Measurement): StateRow[] {
  return names
    .filter(({ listener, answers }) => listener !== 'doorway' && answers.length > 1)
    .map(({ endpoint, listener, answers, stale }) => {
      const isAlone = names.filter((one) => one.listener === listener).length === 1;
      const label = `dns ${isAlone ? listener : `${clusterOf(endpoint)} ${listener}`}`;
      const wrong = stale.map(({ fromNs, toNs }) => ({
        ...{ fromNs, toNs, value: 'stale' },
        look: 'wrong' as const,
      }));
      return { label, stretches: [...held(answers, endNs, () => 'usual'), ...wrong] };
    });
}

function statusRows({ statuses, endNs }: Measurement): StateRow[] {
  return statuses.map(({ identifier, statuses: list }) => ({
    label: `status ${identifier}`,
    stretches: held(list, endNs, () => 'unusual').filter(({ value }) => !isUsual(value)),
  }));
}

function held(
  list: readonly Held[],
  endNs: number,
  lookOf: (value: string) => StateStretch['look'],
): StateStretch[] {
  return list.flatMap(({ value }, index) =>
    whenHeld(list.slice(index, index + 2), endNs, (one) => one === value)
      .slice(0, 1)
      .map((when) => ({ ...when, value, look: lookOf(value) })),
  );
}
