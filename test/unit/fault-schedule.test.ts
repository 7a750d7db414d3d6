import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../harness/duration.js';
import { parseFault as parse } from '../../harness/fault-schedule.js';
import { clusterFaultKinds } from '../../sim/cluster/faults/index.js';
import { UserError } from '../../sim/user-error.js';

const parseFault = (text: string) => parse(text, clusterFaultKinds, ['zdp-fallback', 'zdp-hang']);
const endpoint = (text: string) => {
  const parsed = parseFault(text);
  if (parsed.kind !== 'endpoint') throw new Error(`${text} is a defect`);
  const { text: _written, ...fault } = parsed.fault;
  return fault;
};

describe('the fault grammar', () => {
  it('reads name, value, time and duration', () => {
    expect(endpoint('latency=20ms@T0-2s:5s')).toEqual({
      name: 'latency',
      value: 20,
      from: 't0',
      offsetMs: -2_000,
      durationMs: 5_000,
    });
  });

  it.each([
    ['refuse', { from: 't0', offsetMs: 0, durationMs: null, value: null }],
    ['reset@3s', { from: 'start', offsetMs: 3_000, durationMs: null, value: null }],
    ['reset@+3s', { from: 't0', offsetMs: 3_000 }],
    ['reset@-3s', { from: 't0', offsetMs: -3_000 }],
    ['black-hole@T0:200ms', { from: 't0', offsetMs: 0, durationMs: 200 }],
    ['black-hole:200ms', { from: 't0', offsetMs: 0, durationMs: 200 }],
    ['drop-sessions=50%@T0+1s', { value: 0.5, offsetMs: 1_000 }],
    ['drop-sessions=1', { value: 1 }],
    ['lag=3s', { value: 3_000, from: 't0', durationMs: null }],
    ['crash/reader@T0+1s', { value: null, target: 'reader', offsetMs: 1_000 }],
    ['crash/demo-instance-2@+1s', { target: 'demo-instance-2', from: 't0' }],
    ['drop-sessions=50%/application@2s', { value: 0.5, sessions: 'application', from: 'start' }],
    ['drop-sessions=0.5/writer/instrument', { target: 'writer', sessions: 'instrument' }],
    ['drop-after-commit', { value: null }],
    ['drop-after-commit=2/application/readers:1s', { value: 2, durationMs: 1_000 }],
    ['partition', { value: null }],
    ['partition=50%', { value: 0.5 }],
    ['storm=150@T0:5s', { value: 150 }],
    ['stale-dns=10s/reader', { value: 10_000, target: 'reader' }],
    ['cut-after=1024@2s:1s', { value: 1024, from: 'start', offsetMs: 2_000, durationMs: 1_000 }],
  ])('reads %s', (text, expected) => {
    expect(endpoint(text)).toMatchObject(expected);
  });

  it('knows the published defects, which take nothing else', () => {
    expect(parseFault('zdp-fallback')).toEqual({ kind: 'defect', name: 'zdp-fallback' });
    expect(() => parseFault('zdp-fallback@T0')).toThrow('takes neither a value nor a time');
  });

  it.each([
    ['', 'not of the form'],
    ['flood', 'there is no fault "flood"'],
    ['latency', 'needs a value'],
    ['latency=fast', 'not a value such as'],
    ['refuse=3', 'takes no value'],
    ['drop-sessions=2', 'more than drop-sessions can do'],
    ['drop-sessions=101%', 'more than drop-sessions can do'],
    ['cut-after=1.5', 'not a value such as'],
    ['lag=3', 'not a value such as'],
    ['lag', 'needs a value'],
    ['storm=2001', 'more than storm can do'],
    ['storm=1.5', 'not a value such as'],
    ['drop-after-commit=50%', 'not a value such as'],
    ['crash/', 'not of the form'],
    ['crash/Reader', 'not of the form'],
    ['crash/a/b', 'names two of a kind'],
    ['drop-sessions=1/application/instrument', 'names two of a kind'],
    ['crash/application', 'cannot choose sessions'],
    ['refuse@', 'after "@"'],
    ['refuse@T0+', 'needs an offset'],
    ['refuse@T05s', 'comes "+" or "-"'],
    ['refuse@soon', 'not of the form'],
    ['refuse:long', 'not a duration'],
  ])('refuses %j with the reason', (text, why) => {
    expect(() => parseFault(text)).toThrow(why);
  });

  it('reads whatever is put together by its rules, in any combination', () => {
    const example = fc.constantFrom(...clusterFaultKinds).chain((kind) =>
      fc.record({
        kind: fc.constant(kind),
        value: fc.constantFrom(kind.value?.example),
        target: fc.constantFrom(undefined, 'writer', 'readers', 'demo-instance-2'),
        sessions: fc.constantFrom(undefined, 'application', 'instrument'),
        time: fc.constantFrom(undefined, ['T0', 't0'], ['T0-2s', 't0'], ['5s', 'start']),
        length: fc.constantFrom(undefined, 250, 61_000),
      }),
    );
    fc.assert(
      fc.property(example, ({ kind, value, target, sessions, time, length }) => {
        const whose = kind.takesSessions === true ? sessions : undefined;
        const words = [target, whose].flatMap((word) => (word === undefined ? [] : [`/${word}`]));
        const [at, from = 't0'] = time ?? [];
        const text =
          kind.name +
          (value === undefined ? '' : `=${value}`) +
          words.join('') +
          (at === undefined ? '' : `@${at}`) +
          (length === undefined ? '' : `:${formatDuration(length)}`);
        const fault = endpoint(text);
        expect(fault).toMatchObject({ name: kind.name, from, durationMs: length ?? null });
        expect([fault.target, fault.sessions]).toEqual([target, whose]);
        expect(fault.value === null).toBe(value === undefined);
      }),
    );
  });

  it('throws nothing but a user error, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        try {
          parseFault(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});
