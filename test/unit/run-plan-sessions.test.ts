import { describe, expect, it } from 'vitest';
import {
  connectionParameters,
  examiningMs,
  openingMs,
} from '../../harness/conductor/session-numbers.js';
import type { CensusSession } from '../../harness/load/census.js';

const plan = (...counts: number[]): { sessions: CensusSession[] } => ({
  sessions: counts.map((count) => ({ kind: 'idle', count })),
});

describe('many application sessions', () => {
  it('raise the limit of the server, with room for instruments and clients that join', () => {
    expect(connectionParameters(plan(250, 50))).toEqual({ max_connections: '400' });
    expect(connectionParameters(plan(2_000))).toEqual({ max_connections: '2100' });
  });

  it('leave it alone where they are few', () => {
    expect(connectionParameters(plan())).toEqual({});
    expect(connectionParameters(plan(20))).toEqual({});
  });

  it('are given time to open, and to be examined though none answers', () => {
    expect(openingMs(plan(2_000))).toBe(100_000);
    expect(examiningMs(plan(33))).toBe(10_000);
  });
});
