import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaneKind } from '../../harness/history/entry.js';
import { measureLane } from '../../harness/measure/lane.js';
import { Instruments } from '../../harness/probe/instruments.js';
import { entryKeeper, type ProbedServer, probedServer, until } from '../support/probed-server.js';

let probed: ProbedServer;
beforeAll(async () => {
  probed = await probedServer();
});
afterAll(() => probed?.remove());

const kinds: LaneKind[] = ['new-connection', 'held-session', 'idle-session', 'writer', 'reader'];

/**
 * In front of a server: while it is cut off, sessions end and dials are taken and never answered,
 * also not afterwards. That is how a firewall or a balancer forgets a connection.
 */
class Relay {
  readonly #server: NetServer;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  constructor(port: number) {
    this.#server = createServer((client) => {
      this.#keep(client);
      if (this.#isCut) {
        client.resume();
        return;
      }
      const upstream = connect(port, '127.0.0.1');
      this.#keep(upstream);
      client.pipe(upstream).pipe(client);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#isCut = false;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

describe('lanes cut off from a server', () => {
  it.each([
    ['without edge polls', null],
    ['with edge polls', 10],
  ])('claim no more of it than there was, %s', async (_what, edgeIntervalMs) => {
    const { clock } = probed;
    const relay = new Relay(probed.instrument.port);
    const target = { ...probed.instrument, port: await relay.listen() };
    const kept = entryKeeper('probes');
    const specs = kinds.map((kind) => ({
      ...{ name: kind, kind, target: 'writer', intervalMs: 50, timeoutMs: 3_000, edgeIntervalMs },
    }));
    const made = new Instruments(
      {
        anchor: clock.anchor,
        lanes: specs.map((spec) => ({ spec, target })),
        ledger: null,
        sessions: null,
        openTimeoutMs: 10_000,
        mustOpen: true,
      },
      clock,
      { probes: kept.record, load: kept.record },
    );
    const polls = (lane: LaneKind) =>
      kept.of('poll').flatMap(({ subject, data }) => (subject.lane === lane ? [data] : []));
    const allOkSince = (sinceNs: number) => (): boolean =>
      kinds.every((lane) =>
        polls(lane).some(({ outcome, startNs }) => outcome === 'ok' && startNs > sinceNs),
      );
    try {
      await made.start();
      await until(clock, allOkSince(clock.nowNs()), 'polls of all lanes');
      const fromNs = clock.nowNs();
      relay.cut();
      await clock.sleep(400);
      relay.restore();
      const toNs = clock.nowNs();
      await until(clock, allOkSince(toNs), 'all lanes to be back');
      await made.finish();
      for (const spec of specs) {
        const measured = measureLane(spec, polls(spec.kind), { slowNs: 250e6, unobserved: [] });
        expect(measured.outages.length, spec.kind).toBeGreaterThanOrEqual(1);
        expect(measured.downtime.lowerNs, spec.kind).toBeLessThanOrEqual(toNs - fromNs);
      }
    } finally {
      await made.finish();
      relay.close();
    }
  });
});
