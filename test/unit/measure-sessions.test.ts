import { describe, expect, it } from 'vitest';
import type { EntryOf } from '../../harness/history/entry.js';
import { measureSessions } from '../../harness/measure/sessions.js';

const head = { v: 1, seq: 0, producer: 'test', atNs: 0, clock: 'client' } as const;

function session(id: string, stage: 'present' | 'preserved' | 'dropped'): EntryOf<'session'> {
  const about = { sessionKind: 'load prepared', owner: 'application' } as const;
  return {
    ...head,
    kind: 'session',
    subject: { session: id },
    data: { stage, ...about, reason: null, detail: null },
  };
}

function examined(alive: boolean, lost: string[], failureKind: string | null): EntryOf<'note'> {
  const failure =
    failureKind === null
      ? null
      : { kind: failureKind, sqlstate: null, code: null, message: 'what it said' };
  const data = {
    level: 'info' as const,
    code: 'session-after',
    text: 'what it found',
    after: { sessionKind: 'load prepared', alive, kept: [], lost, failure },
  };
  return { ...head, kind: 'note', subject: {}, data };
}

function afterOf(sessionKind: string): Record<string, unknown> {
  return { sessionKind, alive: false, kept: [], lost: [], failure: null };
}

const kept2 = [session('s2', 'present'), session('s2', 'preserved')];

describe('broken sessions', () => {
  const kept = [session('s1', 'present'), session('s1', 'preserved')];
  const broken = (note: EntryOf<'note'>): number | undefined =>
    measureSessions(kept, [note])?.broken.length;

  it('are those that live and lost something, or that hang', () => {
    expect(broken(examined(true, ['prepared statement'], null))).toBe(1);
    expect(broken(examined(true, [], 'statement-lost'))).toBe(1);
    expect(broken(examined(false, [], 'timeout'))).toBe(1);
  });

  it('are neither whole ones nor those that the operation dropped', () => {
    expect(broken(examined(true, [], null))).toBe(0);
    const dropped = [session('s1', 'present'), session('s1', 'dropped')];
    const note = examined(false, ['temporary table'], 'terminated');
    expect(measureSessions(dropped, [note])?.broken).toEqual([]);
  });

  it('are those that ended though the operation did not drop them', () => {
    expect(broken(examined(false, [], 'reset'))).toBe(1);
    const one = [session('s1', 'present'), session('s1', 'dropped'), ...kept2];
    const byFault = examined(false, [], 'reset');
    const notes = [byFault, examined(false, [], 'terminated')];
    const found = measureSessions(one, notes)?.broken ?? [];
    expect(found).toHaveLength(1);
    expect(found[0]?.text).toContain('the operation did not drop it');
    // Another kind's drops explain nothing.
    const other = { ...byFault, data: { ...byFault.data, after: afterOf('load idle') } };
    expect(measureSessions(one, [other])?.broken).toHaveLength(1);
  });

  it('are clients of the user that were kept and lost state, and each load session once', () => {
    const client = (lost: string[] | undefined): EntryOf<'session'> => {
      const entry = session('writer-9', 'preserved');
      const about = { sessionKind: 'application pgbench', ...(lost === undefined ? {} : { lost }) };
      return { ...entry, data: { ...entry.data, ...about } };
    };
    const lostOne = client(['4 prepared statements']);
    expect(measureSessions([lostOne])?.broken).toEqual([
      {
        sessionKind: 'application pgbench',
        text: 'writer-9 was preserved and has lost 4 prepared statements',
      },
    ]);
    expect(measureSessions([client(undefined)])?.broken).toEqual([]);
    const load = { ...lostOne, data: { ...lostOne.data, sessionKind: 'load prepared' } };
    const note = examined(true, ['prepared statement'], null);
    expect(measureSessions([load], [note])?.broken).toHaveLength(1);
  });

  it('are none where a note is of another kind or makes no sense', () => {
    const note = examined(true, ['x'], null);
    expect(broken({ ...note, data: { ...note.data, code: 'fetch' } })).toBe(0);
    expect(broken({ ...note, data: { level: 'info', code: 'session-after', text: '' } })).toBe(0);
  });
});
