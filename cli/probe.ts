/**
 * `rehearse probe`: the lanes of a rehearsal against any Postgres, MySQL or MariaDB, for hours, in
 * bounded memory. Read-only unless a table to write to is named. Loads nothing of servers or
 * endpoints.
 */
import { existsSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Entry, EntryOf, RecordEntry } from '../harness/history/entry.js';
import { note, recorder } from '../harness/history/record.js';
import { openHistory } from '../harness/history/write.js';
import { runStatements } from '../harness/load/schema.js';
import { dialectOf, quoteTable } from '../harness/probe/dialect.js';
import { ProbeWorker } from '../harness/probe/probe-worker.js';
import type { EntryMessage } from '../harness/probe/protocol.js';
import { RunningSummary } from '../harness/probe/running-summary.js';
import { Stability } from '../harness/probe/stability.js';
import type { ConnectionTarget } from '../harness/probe/target.js';
import type { Timer } from '../sim/clock.js';
import { messageOf, UserError } from '../sim/user-error.js';
import type { CommandContext } from './context.js';
import { ProbeOutput } from './probe-output.js';
import { getPassword } from './probe-password.js';
import { lanePlans, type ProbeOptions, type ProbeSettings, probeSettings } from './probe-plan.js';
import { endOfProbe } from './probe-report.js';
import { parseTargets } from './probe-targets.js';
import { makeRunFolder } from './run-folder.js';
import { tool } from './tool.js';

/** IAM tokens live for 15 minutes; a command is asked again well before. */
const passwordRenewalMs = 10 * 60_000;
const openTimeoutMs = 30_000;
const checkMs = 200;

export interface ProbeDependencies {
  /** The compiled entry of the worker thread, for tests that run from source. */
  readonly workerScript?: URL;
}

/**
 * Probes until it is stopped, the duration is over, or all lanes are stable; then reports.
 * @returns the exit code
 * @throws UserError for options, passwords, authorities and tables that cannot be used
 */
export async function runProbe(
  options: ProbeOptions,
  context: CommandContext,
  dependencies: ProbeDependencies = {},
): Promise<number> {
  const { env, cwd, clock, output } = context;
  const bare = parseTargets(options, env, cwd, (text) => output.log(text));
  const settings = probeSettings(
    options,
    bare.map((target) => target.name),
  );
  const password = await getPassword(options, env, cwd);
  const targets = bare.map((target) => ({ ...target, password: password(target.engine) }));
  if (options.createTable === true) await createTables(settings, targets, context);
  const folder = makeRunFolder(cwd, 'probe', clock.anchor.wallClock, options.out);
  const probe = new ProbeUnderWay(options, settings, targets, context, folder.history);
  await probe.run(dependencies.workerScript);
  if (!existsSync(folder.history)) throw historyGone(folder.history);
  return endOfProbe({ options, settings, context, folder, totals: probe.summary });
}

async function createTables(
  settings: ProbeSettings,
  targets: readonly ConnectionTarget[],
  { clock }: CommandContext,
): Promise<void> {
  if (settings.writeTable === null)
    throw new UserError(
      'WRITE_TABLE_MISSING',
      'There is no table to create.',
      'Name it with --write-table schema.table.',
    );
  for (const target of targets) {
    const dialect = dialectOf(target.engine);
    const statements = [dialect.createWriteTable(quoteTable(dialect, settings.writeTable))];
    try {
      await runStatements(target, statements, clock, openTimeoutMs);
    } catch (error) {
      throw new UserError(
        'WRITE_TABLE_UNUSABLE',
        `The table cannot be made on ${target.name}: ${messageOf(error)}.`,
        'Make it yourself: lane (text), number (bigint), written_at (a timestamp with a default).',
        'environment',
      );
    }
  }
}

/** What a poll tells of the server that answered it. */
type ServerIdentity = NonNullable<EntryOf<'poll'>['data']['server']>;

/** One probe from its first entry to its last. */
class ProbeUnderWay {
  readonly summary: RunningSummary;
  readonly #stability: Stability;
  readonly #options: ProbeOptions;
  readonly #settings: ProbeSettings;
  readonly #targets: readonly ConnectionTarget[];
  readonly #context: CommandContext;
  readonly #history: ReturnType<typeof openHistory>;
  readonly #record: RecordEntry;
  readonly #lines: ProbeOutput;
  /** What each target last said it runs, in the order in which they said so first. */
  readonly #servers = new Map<string, ServerIdentity>();

  constructor(
    options: ProbeOptions,
    settings: ProbeSettings,
    targets: readonly ConnectionTarget[],
    context: CommandContext,
    historyPath: string,
  ) {
    this.#options = options;
    this.#settings = settings;
    this.#targets = targets;
    this.#context = context;
    this.summary = new RunningSummary(settings.lanes);
    this.#stability = new Stability(settings.lanes);
    this.#history = openHistory(historyPath, { clock: context.clock });
    this.#lines = new ProbeOutput(settings, options.json === true, context);
    this.#record = recorder('conductor', (entry) => this.#take(entry));
  }

  /** Resolves when the history has its end. */
  async run(script: URL | undefined): Promise<void> {
    const { clock } = this.#context;
    this.#recordStarted();
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (message: EntryMessage) => this.#take(message.entry));
    const worker = new ProbeWorker({ clock, ...(script === undefined ? {} : { script }) });
    let completed = true;
    let reason: string;
    try {
      await worker.start(this.#plan(), port2);
      reason = await this.#untilEnd(worker);
      await worker.finish();
    } catch (error) {
      completed = false;
      reason = messageOf(error);
      note(this.#record, clock, 'error', 'instruments-failed', reason);
    }
    if (!(await worker.stop())) this.#context.threadHangs();
    this.#drain(port1);
    for (const [target, server] of this.#servers) this.#recordServer('after', target, server);
    this.#record({
      atNs: clock.nowNs(),
      clock: 'harness',
      kind: 'run',
      subject: {},
      data: { stage: 'finished', completed, reason },
    });
    this.#history.close();
    if (this.#history.failure !== null) throw historyLost(this.#history.failure);
  }

  #plan(): Parameters<ProbeWorker['start']>[0] {
    return {
      anchor: this.#context.clock.anchor,
      lanes: lanePlans(this.#settings, this.#targets, this.#options.writeTable),
      ledger: null,
      sessions: null,
      openTimeoutMs,
      mustOpen: false,
    };
  }

  /** Waits for whatever ends the probe and says what it was; rejects when the worker fails. */
  async #untilEnd(worker: ProbeWorker): Promise<string> {
    const { clock, stop } = this.#context;
    const { durationMs, untilStableMs } = this.#settings;
    const beganNs = clock.nowNs();
    const renewal = this.#renewPasswords(worker);
    let failure: Error | null = null;
    worker.onFailure((error) => {
      failure = error;
    });
    try {
      for (;;) {
        if (stop.aborted) return messageOf(stop.reason);
        if (failure !== null) throw failure;
        if (this.#history.failure !== null) throw historyLost(this.#history.failure);
        const nowNs = clock.nowNs();
        if (durationMs !== null && nowNs - beganNs >= durationMs * 1e6)
          return 'the duration is over';
        const stableNs = this.#stability.stableForNs(nowNs);
        if (untilStableMs !== null && stableNs !== null && stableNs >= untilStableMs * 1e6)
          return 'all lanes are stable again';
        await clock.sleep(checkMs, stop).catch(() => undefined);
      }
    } finally {
      renewal?.cancel();
    }
  }

  #renewPasswords(worker: ProbeWorker): Timer | null {
    if (this.#options.passwordCommand === undefined) return null;
    const { clock, env, cwd } = this.#context;
    let timer: Timer | null = null;
    const later = (): void => {
      timer = clock.timer(passwordRenewalMs, () => {
        getPassword(this.#options, env, cwd)
          .then((password) => {
            for (const { name, engine } of this.#targets) worker.password(name, password(engine));
          })
          .catch((error: unknown) =>
            note(this.#record, clock, 'warning', 'password-not-renewed', messageOf(error)),
          );
        later();
      });
    };
    later();
    return { cancel: () => timer?.cancel() };
  }

  #take(entry: Entry): void {
    this.#history.write(entry);
    this.summary.take(entry);
    if (entry.kind === 'poll') {
      this.#stability.take(entry);
      this.#noteServer(entry.data.server, entry.subject.endpoint ?? 'target');
    }
    this.#lines.take(entry);
  }

  /** Entries posted before the worker's last answer are in the port by now. */
  #drain(port: MessagePort): void {
    for (;;) {
      const waiting = receiveMessageOnPort(port) as { message: EntryMessage } | undefined;
      if (waiting === undefined) break;
      this.#take(waiting.message.entry);
    }
    port.close();
  }

  #noteServer(server: ServerIdentity | null, target: string): void {
    if (server === null) return;
    const isFirst = !this.#servers.has(target);
    this.#servers.set(target, server);
    if (isFirst) this.#recordServer('before', target, server);
  }

  #recordServer(when: 'before' | 'after', target: string, server: ServerIdentity): void {
    const { version, flavour = 'PostgreSQL' } = server;
    const versionText = `${flavour} ${version}`;
    this.#record({
      atNs: this.#context.clock.nowNs(),
      clock: 'client',
      kind: 'run',
      subject: {},
      data: { stage: 'server', when, version, versionText, provider: target },
    });
  }

  #recordStarted(): void {
    const { clock } = this.#context;
    this.#record({
      atNs: clock.nowNs(),
      clock: 'harness',
      kind: 'run',
      subject: {},
      data: {
        stage: 'started',
        tool: tool(),
        command: 'probe',
        scenario: 'probe',
        title: `probe of ${this.#targets.map((target) => target.name).join(', ')}`,
        seed: null,
        wallClock: clock.anchor.wallClock,
        owner: null,
        engine: null,
        lanes: [...this.#settings.lanes],
        objectives: [...this.#settings.objectives],
        schedule: [],
        settings: {
          targets: this.#targets.map(({ name, host, port }) => `${name} ${host}:${port}`),
          tls: this.#targets.map(({ name, tls }) => `${name} ${tls.mode}`),
        },
        sessions: 'none',
      },
    });
  }
}

function historyGone(history: string): UserError {
  return new UserError(
    'HISTORY_LOST',
    `The history ${history} is gone: somebody removed it while the probe went on.`,
    'Probe again, with --out in a folder that nobody removes meanwhile.',
    'environment',
  );
}

function historyLost(failure: Error): UserError {
  return new UserError(
    'HISTORY_UNWRITABLE',
    `The history cannot be written any more: ${failure.message}.`,
    'Make room or name another folder with --out; what was written so far can be reported.',
    'environment',
  );
}
