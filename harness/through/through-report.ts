/** What a pooler between clients and the writer added, as the report's document tells it. Pure. */
import type { Measurement } from '../measure/measure.js';
import { boundsMs, msOrNull } from '../verdict/milliseconds.js';
import type { BoundsMs } from '../verdict/run-report.js';
import { measureThrough, type SideMeasure } from './measure-through.js';

export interface ThroughSideReport {
  downtime: BoundsMs;
  /** Times that the lane's session was lost; null for one that dials anew each time. */
  sessionsLost: number | null;
  /** Attempts that failed or stayed in doubt, by kind of error with its code. */
  errors: Record<string, number>;
  /** The longest successful attempt: a request that waited. */
  slowestMs: number | null;
}

export interface ThroughReport {
  /** What stood there, as it was asked for. */
  what: string;
  lanes: {
    kind: string;
    direct: ThroughSideReport;
    through: ThroughSideReport;
    /** Downtime through it less downtime at the endpoint; `lowerMs` null: no bound. */
    added: { lowerMs: number | null; upperMs: number | null; estimateMs: number };
  }[];
  /** What the pooling endpoint of ours told; null where another program stood there. */
  pooling: {
    keptIdle: number | null;
    ended: Record<string, number>;
    pinned: Record<string, number>;
  } | null;
}

/** Null where nothing stood between clients and the writer. */
export function describeThrough(measurement: Measurement): ThroughReport | null {
  const { pooling, lanes } = measurement;
  const found = measureThrough(lanes);
  if (found.length === 0) return null;
  return {
    what: String(measurement.started?.settings.through ?? 'a pooler'),
    lanes: found.map(({ kind, direct, through, added }) => ({
      kind,
      direct: sideOf(direct),
      through: sideOf(through),
      added: {
        ...boundsMs(added),
        lowerMs: Number.isFinite(added.lowerNs) ? boundsMs(added).lowerMs : null,
      },
    })),
    pooling:
      pooling === null
        ? null
        : {
            keptIdle: pooling.keptIdle,
            ended: Object.fromEntries(pooling.ended),
            pinned: Object.fromEntries(pooling.pinned),
          },
  };
}

function sideOf({ downtime, sessionsLost, errors, slowestNs }: SideMeasure): ThroughSideReport {
  return {
    downtime: boundsMs(downtime),
    sessionsLost,
    errors: Object.fromEntries(errors),
    slowestMs: msOrNull(slowestNs),
  };
}
