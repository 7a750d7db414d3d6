import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../sim/clock.js';
import {
  type Borrower,
  BorrowTimedOut,
  type PoolServer,
  Refused,
  ServerPool,
} from '../../sim/pooling/server-pool.js';

class FakeServer implements PoolServer {
  lastUser: object | undefined;
  isGone = false;
  readonly #callbacks: (() => void)[] = [];
  prepared = 0;

  constructor(
    readonly key: string,
    readonly target: string,
  ) {}

  onGone(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  close(): void {
    if (this.isGone) return;
    this.isGone = true;
    for (const callback of this.#callbacks.splice(0)) callback();
  }
}

interface World {
  readonly clock: ManualClock;
  readonly pool: ServerPool<FakeServer>;
  readonly reach: boolean[];
  readonly opened: FakeServer[];
  at: string;
  up: boolean;
  dials: number;
  borrow(key?: string, user?: object, signal?: AbortSignal): Promise<FakeServer>;
}

function world(connectionsMax = 2): World {
  const clock = new ManualClock();
  const reach: boolean[] = [];
  const opened: FakeServer[] = [];
  const made: World = {
    ...{ clock, reach, opened, at: 'a', up: true, dials: 0 },
    pool: new ServerPool<FakeServer>({
      ...{ clock, connectionsMax, borrowTimeoutMs: 1_000, retryMs: 100 },
      target: () => made.at,
      onReach: (isReached) => reach.push(isReached),
    }),
    borrow: (key = 'k', user = {}, signal = new AbortController().signal) => {
      const borrower: Borrower<FakeServer> = {
        key,
        user,
        open: async () => {
          made.dials++;
          if (!made.up) throw new Error('refused');
          const server = new FakeServer(key, made.at);
          opened.push(server);
          return server;
        },
        prepare: async (server) => {
          server.prepared++;
        },
      };
      return made.pool.borrow(borrower, signal);
    },
  };
  return made;
}

describe('the server pool', () => {
  it('opens as many as are wanted, never more than it may', async () => {
    const { borrow, pool, clock } = world(2);
    const first = await borrow();
    await borrow();
    let third: FakeServer | undefined;
    void borrow().then((server) => {
      third = server;
    });
    await clock.advance(10);
    expect([pool.size, pool.waiting, third]).toEqual([2, 1, undefined]);
    pool.giveBack(first);
    await clock.advance(0);
    expect(third).toBe(first);
  });

  it('serves in the order of asking, and tells who waited', async () => {
    const { borrow, pool, clock } = world(1);
    const first = await borrow();
    const order: number[] = [];
    for (const number of [1, 2, 3])
      void borrow().then((server) => {
        order.push(number);
        pool.giveBack(server);
      });
    await clock.advance(50);
    pool.giveBack(first);
    await clock.advance(1);
    expect(order).toEqual([1, 2, 3]);
    const { count, nsMax } = pool.takeWaits();
    expect([count, nsMax >= 50e6]).toEqual([4, true]);
  });

  it('gives a session its own server back unprepared, another one prepared', async () => {
    const { borrow, pool } = world(2);
    const [ada, bob] = [{}, {}];
    const [one, two] = await Promise.all([borrow('k', ada), borrow('k', bob)]);
    const before = [one.prepared, two.prepared];
    pool.giveBack(one);
    pool.giveBack(two);
    expect(await borrow('k', bob)).toBe(two);
    expect([one.prepared, two.prepared]).toEqual(before);
    pool.giveBack(two);
    const other = await borrow('k', {});
    expect(other.prepared).toBe(2);
  });

  it('lets the idle connection of another user go where there is room for no more', async () => {
    const { borrow, pool, opened } = world(1);
    pool.giveBack(await borrow('one'));
    const other = await borrow('other');
    expect([opened[0]?.isGone, other.key, pool.size]).toEqual([true, 'other', 1]);
  });

  it('times out, and serves the next', async () => {
    const { borrow, pool, clock } = world(1);
    const first = await borrow();
    const late = borrow();
    const failure = late.catch((error: unknown) => error);
    await clock.advance(999);
    expect(pool.waiting).toBe(1);
    await clock.advance(2);
    expect(await failure).toBeInstanceOf(BorrowTimedOut);
    pool.giveBack(first);
    expect(await borrow()).toBe(first);
  });

  it('forgets one who leaves while it waits', async () => {
    const { borrow, pool, clock } = world(1);
    const first = await borrow();
    const leaving = new AbortController();
    const gone = borrow('k', {}, leaving.signal).catch((error: unknown) => error);
    const next = borrow();
    leaving.abort();
    expect(await gone).toBeInstanceOf(Error);
    pool.giveBack(first);
    await clock.advance(0);
    expect(await next).toBe(first);
  });

  it('has one dial at a time try a server that is away, and then serves everybody', async () => {
    const made = world(10);
    made.up = false;
    const wanted = Array.from({ length: 5 }, () => made.borrow());
    await made.clock.advance(450);
    expect(made.reach).toEqual([false]);
    const inOutage = made.dials;
    expect(inOutage).toBeLessThanOrEqual(5 + 4);
    made.up = true;
    await made.clock.advance(100);
    await Promise.all(wanted);
    expect(made.reach).toEqual([false, true]);
  });

  it('hands on a refusal to whom it was meant for', async () => {
    const { borrow, pool } = world(1);
    const never = new AbortController().signal;
    const open = async (): Promise<FakeServer> => {
      throw new Refused(Buffer.from('no'), 'no such database');
    };
    const refused = pool.borrow({ key: 'x', user: {}, open, prepare: async () => {} }, never);
    await expect(refused).rejects.toThrow('no such database');
    await expect(borrow()).resolves.toBeInstanceOf(FakeServer);
  });

  it('lends nothing that leads to a writer of before', async () => {
    const made = world(1);
    const first = await made.borrow();
    made.at = 'b';
    made.pool.retarget();
    made.pool.giveBack(first);
    const second = await made.borrow();
    expect([first.isGone, second.target]).toEqual([true, 'b']);
  });
});
