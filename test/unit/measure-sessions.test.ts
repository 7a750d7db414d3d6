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

describe('broken sessions', () => {
  const kept = [session('s1', 'present'), session('s1', 'preserved')];
  const broken = (note: EntryOf<'note'>): number | undefined =>
    measureSessions(kept, [note])?.broken.length;

  it('are those that live and lost something, or that hang', () => {
    expect(broken(examined(true, ['prepared statement'], null))).toBe(1);
    expect(broken(examined(true, [], 'statement-lost'))).toBe(1);
    expect(broken(examined(false, [], 'timeout'))).toBe(1);
  });

  it('are neither whole ones nor those that were ended', () => {
    expect(broken(examined(true, [], null))).toBe(0);
    expect(broken(examined(false, ['temporary table'], 'terminated'))).toBe(0);
  });

  it('are none where a note is of another kind or makes no sense', () => {
    const note = examined(true, ['x'], null);
    expect(broken({ ...note, data: { ...note.data, code: 'fetch' } })).toBe(0);
    expect(broken({ ...note, data: { level: 'info', code: 'session-after', text: '' } })).toBe(0);
  });
});
