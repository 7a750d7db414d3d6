import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { output } from '../../cli/output.js';

function terminal(columns: number): PassThrough & { isTTY: boolean; columns: number } {
  return Object.assign(new PassThrough(), { isTTY: true, columns });
}

function failing(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`${code}: no`), { code })),
  });
}

describe('the output of a command', () => {
  it('has 80 columns where a terminal does not know its width', () => {
    const unknown = output({ stdout: terminal(0), stderr: terminal(0), env: {} });
    expect(unknown.columns).toBe(80);
    expect(unknown.look.columns).toBe(80);
    const other = output({ stdout: terminal(0), stderr: terminal(120), env: {} });
    expect(other.columns).toBe(120);
  });

  it.each([
    ['EPIPE', null, 'nobody reads the output any more'],
    ['ENOSPC', 'ENOSPC: no', 'the output cannot be written: ENOSPC: no'],
  ])('tells %s from a failure', async (code, failure, why) => {
    const out = output({ stdout: failing(code), stderr: new PassThrough(), env: {} });
    const told: string[] = [];
    out.onBroken((text) => told.push(text));
    out.data('one');
    await out.drained();
    await new Promise((resolve) => setImmediate(resolve));
    out.data('two');
    expect({ broken: out.broken, failure: out.failure }).toEqual({ broken: true, failure });
    expect(told).toEqual([why]);
  });
});
