/**
 * A name that clients dial, with a port of its own: it leads to the endpoint of one instance, and
 * to another one when DNS answers otherwise. Who came through it before stays where he is.
 */
import type { Clock } from '../clock.js';
import type { Emit, EndpointState } from '../events.js';
import { newSeed, type Rng, rng } from '../rng.js';
import type { Endpoint, ListenerSpec } from './endpoint.js';
import { Listener } from './listener.js';
import { NameAnswers } from './name-answers.js';

export interface EndpointNameOptions extends ListenerSpec {
  /** As AWS would name it; the label says what it is for: `writer`, `reader`. */
  readonly name: string;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Where it leads at first. */
  readonly leadsTo: Endpoint;
}

/** Who of new clients comes to another endpoint than the others. */
export interface Share {
  readonly endpoint: Endpoint;
  /** In [0, 1]. */
  readonly share: number;
  readonly stream: Rng;
}

export class EndpointName {
  readonly name: string;
  readonly label: string;
  readonly #options: EndpointNameOptions;
  readonly #listener: Listener;
  /** Where its faults are. */
  readonly answers: NameAnswers;
  #share: Share | undefined;
  #endpoint: Endpoint;
  #forget: () => void = () => undefined;
  #told: EndpointState | undefined;

  constructor(options: EndpointNameOptions) {
    this.#options = options;
    this.name = options.name;
    this.label = options.label;
    this.#endpoint = options.leadsTo;
    this.answers = new NameAnswers(options.clock, options.leadsTo, (one) => this.#answer(one));
    this.#listener = new Listener(
      options.label,
      (socket) => this.#endpointNow().take(socket, options),
      options.gate,
    );
  }

  /** The same through every closing and opening, and wherever it leads. */
  get port(): number {
    return this.#listener.port;
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /** Chooses its port and opens it where the endpoint behind it is open. */
  async open(): Promise<void> {
    await this.#listener.choosePort(rng(newSeed(), 'ports'));
    await this.leadTo(this.#endpoint);
  }

  /**
   * From now on new clients come to that endpoint, unless a fault of the name says otherwise.
   * Resolves when the port is as that of the endpoint that is answered with.
   */
  leadTo(endpoint: Endpoint): Promise<void> {
    this.#tell('dns.record', instanceOf(endpoint));
    return this.answers.set(endpoint);
  }

  /**
   * A share of new clients comes to another endpoint from now on: what weighted records of DNS do.
   * It takes no part in whether the port is open. Null: nobody does.
   */
  weigh(share: Share | null): void {
    this.#share = share ?? undefined;
  }

  #endpointNow(): Endpoint {
    const share = this.#share;
    return share !== undefined && share.stream.next() < share.share
      ? share.endpoint
      : this.#endpoint;
  }

  async #answer(endpoint: Endpoint): Promise<void> {
    this.#forget();
    this.#endpoint = endpoint;
    this.#tell('dns.answer', instanceOf(endpoint));
    this.#forget = endpoint.addDoor(() => this.#settle());
    await this.#settle();
  }

  /** Closes the port for good. */
  async close(): Promise<void> {
    this.answers.close();
    this.#forget();
    await this.#listener.close();
  }

  async #settle(): Promise<void> {
    const { refuses } = this.#endpoint;
    await (refuses ? this.#listener.close() : this.#listener.open(this.#options.clock));
    const { state } = this.#endpoint;
    if (state !== this.#told) this.#tell('endpoint.state', state);
    this.#told = state;
  }

  #tell(name: string, value: string): void {
    this.#options.emit({
      atNs: this.#options.clock.nowNs(),
      clock: 'client',
      kind: 'gauge',
      subject: { endpoint: this.name, listener: this.label },
      data: { name, value, unit: null },
    });
  }
}

/** An endpoint's name begins with the identifier of its instance, as AWS names them. */
function instanceOf({ name }: Endpoint): string {
  return name.split('.')[0] ?? name;
}
