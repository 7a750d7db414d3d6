/** The steps of a scenario that need no server: commands, requests, questions, what is asked. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundedOutput } from '../../harness/conductor/steps/bounded-output.js';
import { carryOut } from '../../harness/conductor/steps/carry-out.js';
import { compared } from '../../harness/conductor/steps/questions.js';
import { withoutSecrets } from '../../harness/conductor/steps/without-secrets.js';
import type { ToldStep } from '../../harness/step-text.js';
import { processExists } from '../../sim/server/embedded/process-table.js';
import { temporaryFolder } from '../support/rehearse.js';
import { password, stepWorld } from '../support/step-world.js';

async function take(step: ToldStep) {
  const { world, notes } = stepWorld();
  const end = await carryOut(step, world);
  const [note] = notes();
  return { end, note, output: end.output?.text ?? '' };
}

const shell = (command: string, more: Partial<ToldStep> = {}): ToldStep =>
  ({ step: 'shell', command, ...more }) as ToldStep;

/** Ids of processes that a command printed, once none of them is there any more. */
async function gone(ids: readonly number[]): Promise<boolean> {
  for (let tries = 0; tries < 100 && ids.some(processExists); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return ids.length > 0 && !ids.some(processExists);
}

describe('a shell step', () => {
  it('finds the login of this run, and nothing that leads elsewhere', async () => {
    process.env.PGSERVICE = 'production';
    const { end, output } = await take(
      shell('echo "$DATABASE_URL [$PGSERVICE]"; echo on error >&2'),
    );
    delete process.env.PGSERVICE;
    expect(end.ok).toBe(true);
    expect(output).toContain('postgresql://app:***@127.0.0.1:1/app []');
    expect(output).toContain('on error');
    expect(output).not.toContain(password);
  });

  it('fails with the code of the command and what it said last', async () => {
    const { end, note } = await take(shell('echo first; echo "no such table" >&2; exit 3'));
    expect(end).toMatchObject({ ok: false, code: 'step-shell-failed' });
    expect(note?.level).toBe('error');
    expect(note?.text).toContain('it ended with 3; it said: first / no such table');
  });

  it.each([
    ['that is not there', 'no-such-command-anywhere', 'it ended with 127'],
    ['that is killed', 'kill -KILL $$', '137'],
  ])('fails for a command %s', async (_what, command, why) => {
    const { end } = await take(shell(command));
    expect(end).toMatchObject({ ok: false, code: 'step-shell-failed' });
    expect(end.ok || end.why).toContain(why);
  });

  it('fails where its folder is not there', async () => {
    const { end } = await take(shell('true', { folder: '/no/such/folder' } as Partial<ToldStep>));
    expect(end).toMatchObject({ ok: false, why: expect.stringContaining('could not be run') });
  });

  it('keeps the begin and the end of what is printed without end', async () => {
    const command = 'echo first; head -c 20000000 /dev/zero | tr "\\0" "x" | fold; echo; echo last';
    const { end, output } = await take(shell(command));
    expect(end.ok).toBe(true);
    expect(output.length).toBeLessThan(33_000);
    expect(output).toMatch(/^first\nx/);
    expect(output).toMatch(/\[\d+ bytes left out\]/);
    expect(output.trimEnd()).toMatch(/last$/);
  });

  it('ends at its limit, though the command and its children ignore SIGTERM', async () => {
    const ignoring = 'trap "" TERM; sleep 60 & echo $$ $!; wait; sleep 60';
    const { end, output } = await take(shell(ignoring, { timeoutMs: 300 }));
    expect(end).toMatchObject({ ok: false, code: 'step-timed-out' });
    expect(end.ok || end.why).toContain('not over after 300ms');
    expect(await gone(output.trim().split(' ').map(Number))).toBe(true);
  });

  it('leaves nothing in the background', async () => {
    const { output } = await take(shell('sleep 60 & echo $!'));
    expect(await gone([Number(output.trim())])).toBe(true);
  });

  it('ends when the run is stopped, and nothing of it is left', async () => {
    const place = temporaryFolder();
    const file = join(place.folder, 'ids');
    const { world, stop } = stepWorld();
    const running = carryOut(shell(`sleep 60 & echo $$ $! >${file}; wait`), world);
    while (!existsSync(file) || readFileSync(file, 'utf8').trim() === '')
      await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort(new Error('stopped by SIGINT'));
    await expect(running).rejects.toThrow('stopped by SIGINT');
    expect(await gone(readFileSync(file, 'utf8').trim().split(' ').map(Number))).toBe(true);
    place.remove();
  });
});

describe('an http step', () => {
  let server: Server;
  let base = '';
  const seen: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        seen.push(`${request.method} ${request.url} ${request.headers['x-token'] ?? ''} ${body}`);
        if (request.url === '/hangs') return;
        if (request.url === '/moved') response.writeHead(302, { location: '/elsewhere' });
        if (request.url === '/broken') response.writeHead(500);
        if (request.url === '/large') response.write('x'.repeat(5_000_000));
        response.end(request.url === '/settings' ? `it is ${password}` : 'here you are');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('asks what was written, and keeps the answer', async () => {
    const headers = { 'x-token': 't' };
    const step = { step: 'http', url: `${base}/a`, method: 'POST', headers, body: 'b' } as const;
    const { end, output } = await take(step);
    expect(end).toMatchObject({ ok: true, said: 'status 200' });
    expect(output).toBe('here you are');
    expect(seen.at(-1)).toBe('POST /a t b');
  });

  it('keeps no password that the application tells', async () => {
    const { output } = await take({ step: 'http', url: `${base}/settings` });
    expect(output).toBe('it is ***');
  });

  it('follows no redirection', async () => {
    expect((await take({ step: 'http', url: `${base}/moved`, status: 302 })).end.ok).toBe(true);
    expect((await take({ step: 'http', url: `${base}/moved` })).end).toMatchObject({
      code: 'step-http-status',
    });
    expect(seen.join()).not.toContain('/elsewhere');
  });

  it.each([
    ['another status', '/broken', 'step-http-status', 'status 500, where 200 to 299'],
    ['no answer in time', '/hangs', 'step-timed-out', 'not over after 200ms'],
  ])('fails with %s', async (_what, path, code, why) => {
    const { end } = await take({ step: 'http', url: base + path, timeoutMs: 200 });
    expect(end).toMatchObject({ ok: false, code });
    expect(end.ok || end.why).toContain(why);
  });

  it('fails at a closed port, in the words of the system', async () => {
    const { end } = await take({ step: 'http', url: 'http://127.0.0.1:9/' });
    expect(end).toMatchObject({ ok: false, code: 'step-http-unanswered' });
    expect(end.ok || end.why).toContain('ECONNREFUSED');
  });

  it('keeps little of a large answer', async () => {
    const { end, output } = await take({ step: 'http', url: `${base}/large` });
    expect(end.ok).toBe(true);
    expect(output.length).toBeLessThan(20_000);
  });

  it('waits until it is answered so, and tells what it saw where it never is', async () => {
    const until = { condition: 'http', url: `${base}/broken`, status: 200 } as const;
    const { end, note } = await take({ step: 'wait-until', until, timeoutMs: 300, everyMs: 50 });
    expect(end).toMatchObject({ ok: false, code: 'step-timed-out' });
    expect(note?.text).toContain('seen: status 500');
  });
});

describe('other steps', () => {
  it.each(['yes', 'no', 'nobody'] as const)('an approval is answered %s', async (answer) => {
    const { world } = stepWorld(answer);
    const end = await carryOut({ step: 'approval', question: 'Go on?' }, world);
    expect(end.ok).toBe(answer === 'yes');
    if (!end.ok) expect(end.code).toBe('step-not-approved');
  });

  it('names whom there is where a step is about nobody', async () => {
    const sql = { step: 'sql', on: 'replica', as: 'admin', statements: ['SELECT 1'] } as const;
    const { end } = await take(sql);
    expect(end).toMatchObject({ ok: false, code: 'step-target-unknown' });
    const elsewhere = await take({ ...sql, on: 'green' });
    expect(elsewhere.note?.text).toContain('there are rehearsal, rehearsal-instance-1');
  });

  it('tells a status, and does nothing for a server that is not named', async () => {
    const until = { condition: 'status', of: 'primary', equals: 'available' } as const;
    const { end } = await take({ step: 'wait-until', until, timeoutMs: 1_000 });
    expect(end).toMatchObject({ ok: true, said: 'primary is available' });
  });

  it('is a warning where it may fail', async () => {
    const { note } = await take(shell('exit 1', { mayFail: true }));
    expect(note?.level).toBe('warning');
  });
});

describe('what is seen', () => {
  it.each([
    [{ equals: 3 }, '3', true],
    [{ equals: 3 }, '4', false],
    [{ equals: 'on' }, 'on', true],
    [{ equals: true }, 't', true],
    [{ equals: true }, '0', false],
    [{ equals: null }, null, true],
    [{ equals: 0 }, null, false],
    [{ atMost: 5 }, '5', true],
    [{ atMost: 5 }, '5.1', false],
    [{ atMost: 5 }, null, false],
    [{ atMost: 5 }, '', false],
    [{ atLeast: 2, atMost: 3 }, '2.5', true],
    [{ atLeast: 2 }, 'many', false],
  ])('%j of %j is met: %s', (wanted, value, met) => {
    expect(compared(wanted, [value]).met).toBe(met);
  });

  it.each([
    ["ALTER USER a PASSWORD 'it''s'", "ALTER USER a PASSWORD '***'"],
    ["CREATE USER a IDENTIFIED BY 'x'", "CREATE USER a IDENTIFIED BY '***'"],
    ['psql postgres://u:pw@h/d', 'psql postgres://u:***@h/d'],
    ['PGPASSWORD=abc psql', 'PGPASSWORD=*** psql'],
    ['x-known-secret-y', 'x-***-y'],
  ])('%s is told as %s', (text, told) => {
    expect(withoutSecrets(text, ['known-secret'])).toBe(told);
  });

  it('keeps whole lines of what is bounded, and all of what is not', () => {
    const output = boundedOutput(20);
    output.take(Buffer.from('one\ntwo\n'));
    expect(output.kept()).toEqual({ text: 'one\ntwo\n', leftOut: 0 });
    output.take(Buffer.from('three and more of it\nsix\n'));
    expect(output.kept().text).toBe('one\ntwo\n[21 bytes left out]\nsix\n');
  });
});
