/** What the endpoint's bookkeeping costs by itself, over bytes recorded from real clients. */
import { systemClock } from '../sim/clock.js';
import { bookkeepingMysql } from './bookkeeping-mysql.js';
import { bookkeepingPostgres } from './bookkeeping-postgres.js';
import type { Bench, BenchContext, Figure } from './figure.js';
import { type Book, timeEach } from './recorded.js';

export const bookkeeping: Bench = {
  name: 'bookkeeping',
  what: 'the walkers and the traffic over recorded bytes, without sockets',
  run: async (context) => [
    ...(await bookkeepingPostgres((book) => measure(book, context))),
    ...(await bookkeepingMysql((book) => measure(book, context))),
  ],
};

function measure(book: Book, { quick }: BenchContext): Figure[] {
  const clock = systemClock();
  const { recorded, messages } = book;
  const kept: number[] = [];
  const bare: number[] = [];
  let bytes = 0;
  for (let round = 0; round < (quick ? 2 : 9); round++) {
    bare.push(
      timeEach(clock, recorded, messages, ({ chunk }) => {
        bytes += chunk.length;
      }),
    );
    kept.push(timeEach(clock, recorded, messages, book.open()));
  }
  if (bytes === 0) throw new Error('nothing was recorded');
  const workload = `${book.workload}, ${messages} messages`;
  const figure = { workload, unit: 'CPU µs/msg', target: null };
  return [
    { ...figure, name: `bookkeeping, ${book.name}`, samples: kept },
    { ...figure, name: `no bookkeeping, ${book.name}`, samples: bare },
  ];
}
