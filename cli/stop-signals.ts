/**
 * Signals: the first one asks for an orderly end, the second one ends at once, whatever hangs.
 * Children die with their supervisor's pipe in either case.
 */

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type StopSignal = keyof typeof numbers;

export interface StopSignals {
  readonly signal: AbortSignal;
  /** The first signal, or undefined where none came. */
  readonly first: StopSignal | undefined;
  /** While `work` goes on, nobody listens, and a signal does to the process what it always does. */
  unheard<T>(work: () => Promise<T>): Promise<T>;
  release(): void;
}

/** Why a run was stopped; the text of the history's last entry. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** The exit code of a command that a signal ended. */
export function exitCodeOfSignal(name: StopSignal): number {
  return 128 + numbers[name];
}

/**
 * @param leave ends the process at once, by the signal itself: nothing here listens any more
 * @param told one line for the person who pressed the key
 */
export function stopSignals(
  process: Pick<NodeJS.Process, 'on' | 'off'>,
  leave: (name: StopSignal) => void,
  told: (text: string) => void,
): StopSignals {
  const controller = new AbortController();
  let first: StopSignal | undefined;
  const take = (name: StopSignal): void => {
    if (first !== undefined) {
      release();
      leave(name);
      return;
    }
    first = name;
    told(`${name}: stopping; once more leaves at once`);
    controller.abort(new Stopped(`stopped by ${name}`));
  };
  const names = Object.keys(numbers) as StopSignal[];
  const listeners = names.map((name) => ({ name, listener: () => take(name) }));
  const release = (): void => {
    for (const { name, listener } of listeners) process.off(name, listener);
  };
  const listen = (): void => {
    for (const { name, listener } of listeners) process.on(name, listener);
  };
  listen();
  return {
    signal: controller.signal,
    get first() {
      return first;
    },
    unheard: async (work) => {
      release();
      try {
        return await work();
      } finally {
        listen();
      }
    },
    release,
  };
}
