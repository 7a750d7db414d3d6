/**
 * The address that clients dial: labelled listeners in front of one server, its sessions, what it
 * does with new clients now, and the faults that are active on it.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { Emit, EndpointState } from '../events.js';
import { newSeed, type Rng, rng } from '../rng.js';
import type { ServerAddress } from '../server/server.js';
import type { Identity } from './certificate.js';
import type { ActiveFault } from './faults/fault.js';
import { beginFault } from './faults/index.js';
import { type Gate, Listener } from './listener.js';
import type { ClientAuthentication, Greeting, Host, Protocol } from './protocol.js';
import { resetConnection } from './reset-connection.js';
import type { Session } from './session.js';
import type { StatementHook } from './statement-hook.js';

/** Clients that may be in the middle of being greeted; more are reset. */
const greetingsMax = 2_000;
/** Clients that a black hole may leave without an answer, and for how long. */
const unansweredMax = 2_000;
const unansweredMsMax = 120_000;
/** Closed sessions of which bytes still wait behind a fault; more are given up. */
const drainingMax = 2_000;
/** Clients that may wait behind a hold. */
const waitingMax = 1_000;

export interface ListenerSpec {
  /** Who dials here: attempts are counted under it. */
  readonly label: string;
  /** Default: as the server's own records say. */
  readonly authentication?: ClientAuthentication;
  /** Lets clients from elsewhere in. */
  readonly gate?: Gate;
}

export interface EndpointOptions {
  readonly name: string;
  /** The instance behind it, where there is a record of one. */
  readonly instance?: string;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly stream: Rng;
  readonly identity: Identity;
  readonly listeners: readonly ListenerSpec[];
  readonly target: ServerAddress;
  readonly protocol: Protocol;
  /** Told of every session at its birth. */
  readonly onSession?: (session: Session) => void;
  /** Gives each session its name; default: numbered for this endpoint alone. */
  readonly nextSession?: () => string;
  /** How long a client may take from its first byte to a session. */
  readonly greetingMsMax?: number;
}

export class Endpoint {
  readonly name: string;
  readonly #options: EndpointOptions;
  readonly #listeners: Listener[];
  readonly #sessions = new Map<string, Session>();
  /** Closed, with bytes that wait behind a fault. */
  readonly #draining = new Set<Session>();
  readonly #sockets = new Set<Socket>();
  readonly #faults: ActiveFault[] = [];
  readonly #hooks: StatementHook[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #unanswered = new Set<() => void>();
  readonly #host: Omit<Host, 'entering'>;
  /** Ports elsewhere that lead here, and what they do when this one opens or closes. */
  readonly #doors = new Set<() => Promise<void>>();
  #target: ServerAddress;
  #protocol: Protocol;
  #state: EndpointState = 'refusing';
  /** Clients that are being greeted now. */
  greetings = 0;
  /** Those of them that have told who they are: they may be sessions in a moment. */
  entering = 0;
  #nextSession = 1;
  #holding: ((session: Session) => void) | undefined;

  constructor(options: EndpointOptions) {
    this.name = options.name;
    this.#options = options;
    this.#target = options.target;
    this.#protocol = options.protocol;
    this.#host = {
      clock: options.clock,
      identity: options.identity,
      greetingMsMax: options.greetingMsMax ?? 10_000,
      state: () => this.#stateForClients,
      untilReleased: () => this.#untilReleased(),
      target: () => this.#target,
      admitting: () => this.admitting,
    };
    this.#listeners = options.listeners.map(
      (spec) => new Listener(spec.label, (socket) => void this.#accept(socket, spec), spec.gate),
    );
  }

  get state(): EndpointState {
    return this.#state;
  }

  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** Whether a dial is refused by the system itself now. */
  get refuses(): boolean {
    return (
      this.#state === 'refusing' || this.#faults.some((fault) => fault.closesListener === true)
    );
  }

  /**
   * Lets a port of somebody else lead here, for as long as `take` is called for its clients.
   * @param settle called when the state or a fault changed; waited for
   * @returns what ends it
   */
  addDoor(settle: () => Promise<void>): () => void {
    this.#doors.add(settle);
    return () => void this.#doors.delete(settle);
  }

  /** Takes a client that dialled one of those ports. */
  take(socket: Socket, spec: ListenerSpec): void {
    void this.#accept(socket, spec);
  }

  /** The port of a listener; the same through every closing and opening. */
  port(label: string): number {
    const listener = this.#listeners.find((one) => one.label === label);
    if (listener === undefined) throw new Error(`no listener ${label} on ${this.name}`);
    return listener.port;
  }

  /** Opens the ports, below 32768 so that a dial to a closed one cannot meet itself. */
  async open(): Promise<void> {
    for (const listener of this.#listeners) await listener.choosePort(rng(newSeed(), 'ports'));
    await this.setState('open');
  }

  /** Changes what new clients meet. Resolves when the ports are as the state wants them. */
  async setState(state: EndpointState): Promise<void> {
    const wasAway = this.#state === 'refusing' || this.#state === 'starting-up';
    this.#state = state;
    if (state === 'open' && wasAway) this.opens();
    await this.#settleListeners();
    this.#releaseWaiting();
    this.#answerNow();
    this.#tellGauge('endpoint.state', state);
  }

  /** Tells the faults that its server is back; some let it start up for longer. */
  opens(): void {
    for (const fault of [...this.#faults]) fault.onOpen?.();
  }

  /** @param protocol of another server, whose records of users it asks */
  setTarget(target: ServerAddress, protocol: Protocol = this.#protocol): void {
    this.#target = target;
    this.#protocol = protocol;
  }

  /** Whether a client that proved who it is still gets a session on this server. */
  admitting = true;

  /** While set, sessions that come to life are handed here, so that a hold misses none. */
  onSessionWhileHolding(take: ((session: Session) => void) | undefined): void {
    this.#holding = take;
  }

  /**
   * Begins a fault at once. Telling of it is for whoever injects it.
   * @throws UserError `FAULT_UNKNOWN`, `FAULT_VALUE_INVALID`
   */
  injectFault(name: string, value?: number): { end(): void } {
    return this.addFault(beginFault(name, value));
  }

  /** Puts a fault into the chain; returns what takes it out again. */
  addFault(fault: ActiveFault): { end(): void } {
    this.#faults.push(fault);
    const unhook = fault.statements === undefined ? undefined : this.addHook(fault.statements);
    fault.onBegin?.({ sessions: this.sessions, stream: this.#options.stream });
    this.#settleSoon();
    return {
      end: () => {
        const at = this.#faults.indexOf(fault);
        if (at === -1) return;
        this.#faults.splice(at, 1);
        unhook?.();
        this.#settleSoon();
        this.#pumpAll();
        this.#answerNow();
        this.#releaseWaiting();
      },
    };
  }

  /** Lets clients' statements be looked at; returns what ends it. */
  addHook(hook: StatementHook): () => void {
    const tell = (): void => {
      for (const session of this.#sessions.values()) session.hooksChanged();
    };
    this.#hooks.push(hook);
    tell();
    return () => {
      const at = this.#hooks.indexOf(hook);
      if (at !== -1) this.#hooks.splice(at, 1);
      tell();
    };
  }

  /** Gives a detached session a connection to the server that is the target now. */
  reconnect(session: Session): Promise<void> {
    return session.reconnect(this.#target);
  }

  /** Closes ports, sessions and whatever is being greeted. */
  async close(): Promise<void> {
    this.#state = 'refusing';
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    for (const release of [...this.#waiting]) release();
    for (const session of [...this.sessions, ...this.#draining]) session.abandon();
    for (const socket of this.#sockets) socket.destroy();
    for (const forget of [...this.#unanswered]) forget();
  }

  #pumpAll(): void {
    for (const session of this.#sessions.values()) session.faultsChanged();
    for (const session of this.#draining) {
      session.faultsChanged();
      if (!session.draining) this.#draining.delete(session);
    }
  }

  #sessionClosed(session: Session): void {
    this.#sessions.delete(session.id);
    if (!session.draining) return;
    if (this.#draining.size < drainingMax) this.#draining.add(session);
    else session.abandon();
  }

  #releaseWaiting(): void {
    if (this.#stateForClients !== 'holding') for (const release of [...this.#waiting]) release();
  }

  /** What those meet who dial: a fault may let the server start up for longer. */
  get #stateForClients(): EndpointState {
    const startsUp = this.#state === 'open' && this.#faults.some((fault) => fault.startsUp);
    return startsUp ? 'starting-up' : this.#state;
  }

  #answerNow(): void {
    if (this.#greetingNow(this.#state) === 'silence') return;
    for (const answer of [...this.#unanswered]) answer();
  }

  get #subject(): { endpoint: string; instance?: string } {
    const { instance } = this.#options;
    return { endpoint: this.name, ...(instance === undefined ? {} : { instance }) };
  }

  #tellGauge(name: string, value: string | number): void {
    this.#options.emit({
      atNs: this.#options.clock.nowNs(),
      clock: 'client',
      kind: 'gauge',
      subject: this.#subject,
      data: { name, value, unit: null },
    });
  }

  /** For faults, which nobody waits for: what goes wrong is told. */
  #settleSoon(): void {
    this.#settleListeners().catch((error: unknown) => {
      this.#options.emit({
        atNs: this.#options.clock.nowNs(),
        clock: 'harness',
        kind: 'note',
        subject: { endpoint: this.name },
        data: { level: 'error', code: 'port-lost', text: `a port cannot be opened: ${error}` },
      });
    });
  }

  async #settleListeners(): Promise<void> {
    const closed = this.refuses;
    await Promise.all([
      ...this.#listeners.map((listener) =>
        closed ? listener.close() : listener.open(this.#options.clock),
      ),
      ...[...this.#doors].map((settle) => settle()),
    ]);
  }

  async #accept(socket: Socket, spec: ListenerSpec): Promise<void> {
    if (!this.#sockets.has(socket)) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    }
    const state = this.#stateForClients;
    const greeting = this.#greetingNow(state);
    if (greeting === 'silence' && this.#unanswered.size < unansweredMax) {
      this.#leaveUnanswered(socket, spec);
      this.#tellAttempt(spec, state, 'nothing');
      return;
    }
    if (greeting !== 'accept' || this.greetings >= greetingsMax) {
      resetConnection(socket);
      this.#tellAttempt(spec, state, 'reset');
      return;
    }
    this.greetings++;
    let entered = 0;
    const entering = (): void => {
      this.entering += 1 - entered;
      entered = 1;
    };
    const authentication = spec.authentication ?? 'as-stored';
    const host = { ...this.#host, entering };
    const answer = await this.#protocol.greet(socket, authentication, host);
    this.greetings--;
    this.entering -= entered;
    if ('begin' in answer) this.#begin(answer, spec);
    if (state !== 'open')
      this.#tellAttempt(spec, state, 'answer' in answer ? answer.answer : 'session');
  }

  /**
   * In a black hole nobody answers; a client that is still there when it ends is greeted then, or
   * reset where nobody listens.
   */
  #leaveUnanswered(socket: Socket, spec: ListenerSpec): void {
    const answer = (): void => {
      limit.cancel();
      this.#unanswered.delete(answer);
      if (socket.destroyed) return;
      if (this.#state === 'refusing') resetConnection(socket);
      else void this.#accept(socket, spec);
    };
    const limit = this.#options.clock.timer(unansweredMsMax, () => {
      this.#unanswered.delete(answer);
      socket.destroy();
    });
    this.#unanswered.add(answer);
  }

  #greetingNow(state: EndpointState): 'accept' | 'reset' | 'silence' {
    if (state === 'black-hole') return 'silence';
    for (const fault of this.#faults) {
      const greeting = fault.onConnect?.() ?? 'accept';
      if (greeting !== 'accept') return greeting;
    }
    return 'accept';
  }

  #begin(greeting: Extract<Greeting, { alive: boolean }>, spec: ListenerSpec): void {
    if (!greeting.alive) {
      greeting.abandon();
      return;
    }
    const session = greeting.begin({
      id: this.#options.nextSession?.() ?? `s${this.#nextSession++}`,
      listener: spec.label,
      clock: this.#options.clock,
      faults: this.#faults,
      hooks: this.#hooks,
      onClosed: (closed) => this.#sessionClosed(closed),
    });
    this.#sessions.set(session.id, session);
    this.#options.onSession?.(session);
    this.#holding?.(session);
  }

  #tellAttempt(spec: ListenerSpec, state: EndpointState, answer: string): void {
    this.#options.emit({
      atNs: this.#options.clock.nowNs(),
      clock: 'client',
      kind: 'attempt',
      subject: { endpoint: this.name, listener: spec.label },
      data: { state, answer },
    });
  }

  async #untilReleased(): Promise<void> {
    if (this.#waiting.size >= waitingMax) throw new Error('too many clients wait for the endpoint');
    await new Promise<void>((resolve) => {
      const release = (): void => {
        this.#waiting.delete(release);
        resolve();
      };
      this.#waiting.add(release);
    });
  }
}
