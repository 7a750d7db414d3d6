/** Free ports on loopback, for servers and endpoints. */
import { createServer } from 'node:net';
import { newSeed, type Rng, rng } from '../rng.js';
import { UserError } from '../user-error.js';

/**
 * Below 32768, where no system hands out ports by itself: a client that dials a closed port of
 * that other range again and again can end up connected to itself.
 */
export const portRange = { first: 20_000, last: 32_000 } as const;

const ownPortMin = 15_000;
const ownPortTries = 50;

const draws = rng(newSeed(), 'ports');

/**
 * A port that was free a moment ago. Whoever binds it must still be ready to find it taken.
 * @param accept asked for each candidate, for instance whether nobody else has claimed it
 * @throws UserError `NO_FREE_PORT`
 */
export async function freePort(accept: (port: number) => boolean = () => true): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = draws.int(portRange.first, portRange.last);
    if ((await isFree(port)) && accept(port)) return port;
  }
  throw new UserError(
    'NO_FREE_PORT',
    `No free port was found on 127.0.0.1 between ${portRange.first} and ${portRange.last}.`,
    'End some of the programs that listen there and try again.',
    'environment',
  );
}

/**
 * Opens a port of this process's own, of a range that servers share: it begins lower, so that the
 * two meet less often.
 * @param open tries one port; rejects where it cannot be had
 * @throws what the last try was rejected with
 */
export async function openSomePort(
  stream: Rng,
  open: (port: number) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await open(stream.int(ownPortMin, portRange.last));
      return;
    } catch (error) {
      if (tries === ownPortTries) throw error;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.once('error', () => resolve(false));
    listener.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      listener.close(() => resolve(true));
    });
  });
}
