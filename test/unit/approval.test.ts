import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askAt, asksForApproval, requireSomebodyToAsk, yesToAll } from '../../cli/approval.js';
import type { Output } from '../../cli/output.js';
import type { Phase } from '../../harness/scenario.js';
import type { Step } from '../../harness/step.js';

const never = new AbortController().signal;

function terminal() {
  const input = new PassThrough();
  const said: string[] = [];
  const output = { log: (text: string) => void said.push(text) } as unknown as Output;
  return { input, said, output };
}

describe('an approval at the terminal', () => {
  it.each([
    ['yes\n', 'yes'],
    ['Y\n', 'yes'],
    ['no\n', 'no'],
    ['perhaps\n\nn\n', 'no'],
    ['', 'nobody'],
    ['perhaps\n', 'nobody'],
    ['yes', 'yes'],
  ] as const)('is answered by %j with %s', async (typed, answer) => {
    const { input, said, output } = terminal();
    input.end(typed);
    expect(await askAt(input, output)('May it begin?', never)).toBe(answer);
    expect(said[0]).toContain('May it begin?');
  });

  it('waits no longer than the run does', async () => {
    const { input, output } = terminal();
    const stop = new AbortController();
    const asked = askAt(input, output)('May it begin?', stop.signal);
    stop.abort();
    expect(await asked).toBe('nobody');
  });

  it('is yes to all where that was said', async () => {
    const { said, output } = terminal();
    expect(await yesToAll(output)('May it begin?', never)).toBe('yes');
    expect(said).toEqual(['approval: May it begin? yes (--yes)']);
  });
});

describe('where nobody can be asked', () => {
  const phase = (steps: readonly Step[], more: Partial<Phase> = {}): Phase => ({
    ...{ name: 'a', what: 'b', steps },
    ...more,
  });
  const ask: Step = { step: 'approval', question: 'May it?' };
  const wait: Step = { step: 'wait', durationMs: 1 };
  const back = { possible: true, what: 'c', steps: [ask] };

  it.each<[string, Phase, boolean]>([
    ['a step', phase([wait, ask]), true],
    ['no step', phase([wait]), false],
    ['an undo', phase([{ ...wait, undo: [ask] }]), true],
    ['a way back', phase([wait], { back }), true],
    ['a way back that is gone', phase([{ step: 'way-back', from: 'a', back }]), true],
  ])('%s may ask', (_what, one, asks) => {
    expect(asksForApproval([one])).toBe(asks);
    const require = (): void => requireSomebodyToAsk([one], false);
    if (asks) expect(require).toThrow(expect.objectContaining({ code: 'APPROVAL_NEEDS_TERMINAL' }));
    else expect(require).not.toThrow();
    expect(() => requireSomebodyToAsk([one], true)).not.toThrow();
  });
});
