/**
 * Signals: the first one asks for an orderly end, the second one ends at once. Children die with
 * their supervisor's pipe in either case.
 */

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type StopSignal = keyof typeof numbers;

export interface StopSignals {
  readonly signal: AbortSignal;
  /** 128 plus the number of the first signal, or undefined where none came. */
  exitCode(): number | undefined;
  release(): void;
}

/** Why a run was stopped; the text of the history's last entry. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/**
 * @param leave ends the process at once, with the exit code it is given
 * @param told one line for the person who pressed the key
 */
export function stopSignals(
  process: Pick<NodeJS.Process, 'on' | 'off'>,
  leave: (code: number) => void,
  told: (text: string) => void,
): StopSignals {
  const controller = new AbortController();
  let first: StopSignal | undefined;
  const take = (name: StopSignal): void => {
    if (first !== undefined) {
      leave(128 + numbers[name]);
      return;
    }
    first = name;
    told(`${name}: stopping; once more leaves at once`);
    controller.abort(new Stopped(`stopped by ${name}`));
  };
  const names = Object.keys(numbers) as StopSignal[];
  const listeners = names.map((name) => ({ name, listener: () => take(name) }));
  for (const { name, listener } of listeners) process.on(name, listener);
  return {
    signal: controller.signal,
    exitCode: () => (first === undefined ? undefined : 128 + numbers[first]),
    release: () => {
      for (const { name, listener } of listeners) process.off(name, listener);
    },
  };
}
