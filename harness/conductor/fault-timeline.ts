/** Begins and ends the scheduled faults at their times. */
import type { Clock, Timer } from '../../sim/clock.js';
import type { FaultRequest, RunningFault } from '../../sim/sim.js';
import type { ScheduledFault } from '../fault-schedule.js';

export interface FaultTimeline {
  /** The first phase begins: arms what is counted from there, and what comes before T0. */
  begin(expectedT0Ms: number): void;
  /** T0 has come: arms what is counted from it. */
  t0(): void;
  /** Ends every fault, and waits for it; nothing begins any more. Safe to call twice. */
  end(): Promise<void>;
  /** Those whose time has not come. */
  readonly notBegun: readonly ScheduledFault[];
}

/**
 * @param inject starts a fault at once and returns what ends it
 * @param failed told when a fault cannot be started
 */
export function faultTimeline(
  faults: readonly ScheduledFault[],
  clock: Clock,
  inject: (fault: FaultRequest) => RunningFault,
  failed: (fault: ScheduledFault, error: unknown) => void,
): FaultTimeline {
  const timers = new Set<Timer>();
  const active = new Set<RunningFault>();
  const notBegun = new Set(faults);
  let over = false;
  const after = (delayMs: number, callback: () => void): void => {
    const timer = clock.timer(delayMs, () => {
      timers.delete(timer);
      callback();
    });
    timers.add(timer);
  };
  const start = (fault: ScheduledFault): void => {
    if (over) return;
    notBegun.delete(fault);
    try {
      const running = inject(requestOf(fault));
      active.add(running);
      if (fault.durationMs === null) return;
      after(fault.durationMs, () => {
        active.delete(running);
        void running.end();
      });
    } catch (error) {
      failed(fault, error);
    }
  };
  const beforeT0 = (fault: ScheduledFault): boolean => fault.from === 't0' && fault.offsetMs < 0;
  return {
    get notBegun() {
      return [...notBegun];
    },
    begin: (expectedT0Ms) => {
      for (const fault of faults) {
        if (fault.from === 'start') after(fault.offsetMs, () => start(fault));
        else if (beforeT0(fault)) after(expectedT0Ms + fault.offsetMs, () => start(fault));
      }
    },
    t0: () => {
      for (const fault of faults)
        if (fault.from === 't0' && !beforeT0(fault)) after(fault.offsetMs, () => start(fault));
    },
    end: async () => {
      over = true;
      for (const timer of timers) timer.cancel();
      timers.clear();
      const ends = [...active].map((running) => running.end());
      active.clear();
      await Promise.all(ends);
    },
  };
}

/** What is asked of the world at its time. */
export function requestOf({ name, value, target, sessions }: ScheduledFault): FaultRequest {
  return {
    name,
    ...(value === null ? {} : { value }),
    ...(target === undefined ? {} : { target }),
    ...(sessions === undefined ? {} : { sessions }),
  };
}
