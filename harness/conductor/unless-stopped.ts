/** Waits for work, but no longer than until the run is stopped. */

/** Rejects with the signal's reason as soon as it aborts; the work itself goes on unwatched. */
export function unlessStopped<T>(stop: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(stop.reason);
    const settle = (done: () => void): void => {
      stop.removeEventListener('abort', onAbort);
      done();
    };
    if (stop.aborted) reject(stop.reason);
    else stop.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
