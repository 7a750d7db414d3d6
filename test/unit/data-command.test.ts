import { describe, expect, it } from 'vitest';
import { commandOutput } from '../../sim/database/command-output.js';

async function outputOf(command: string): Promise<string> {
  const asked = { kind: 'command', command, folder: '/' } as const;
  let text = '';
  for await (const chunk of commandOutput(asked, { url: 'x', tell: () => undefined }))
    text += chunk.toString();
  return text;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the output of a command for --data', () => {
  it.each([
    ['that keeps its output open', 'sleep 300 & echo $!'],
    ['with its output elsewhere', 'sleep 300 >/dev/null 2>&1 & echo $!'],
  ])('ends with the command, and so does a child in the background %s', async (_, command) => {
    const pid = Number(await outputOf(command));
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  it('is whole, however long it is', async () => {
    expect(await outputOf('yes 0123456789 | head -c 3000000')).toHaveLength(3_000_000);
  });

  it('is an error where the command fails', async () => {
    await expect(outputOf('echo one; exit 3')).rejects.toMatchObject({
      code: 'DATA_COMMAND_FAILED',
    });
  });
});
