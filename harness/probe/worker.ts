/** The entry of the thread that polls and writes: messages in, messages and entries out. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { type Clock, systemClock } from '../../sim/clock.js';
import { messageOf, UserError } from '../../sim/user-error.js';
import type { Entry } from '../history/entry.js';
import { note, recorder } from '../history/record.js';
import { readback } from '../load/readback.js';
import { Instruments, type Recorders } from './instruments.js';
import type { EntryMessage, FromInstruments, ToInstruments } from './protocol.js';

interface Running {
  readonly clock: Clock;
  readonly recorders: Recorders;
  readonly instruments: Instruments;
}

function serve(port: MessagePort): void {
  let running: Running | null = null;
  const send = (message: FromInstruments): void => port.postMessage(message);
  /** Most that gets here is a defect of ours: it must make the verdict unknown, never pass. */
  const fail = (error: unknown): void => {
    if (error instanceof UserError) {
      const { code, what, todo, exit } = error;
      send({ type: 'failed', text: what, mendable: { code, todo, exit } });
      return;
    }
    const text = messageOf(error);
    if (running !== null)
      note(running.recorders.probes, running.clock, 'error', 'checker-failed', text);
    send({ type: 'failed', text, mendable: null });
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  const act = async (message: ToInstruments): Promise<void> => {
    if (message.type === 'start') {
      running = prepare(message);
      send({ type: 'ready', sessions: await running.instruments.start() });
      return;
    }
    if (message.type === 'stop') {
      // Whoever wants last looks asks to finish first; the thread's end closes every socket.
      send({ type: 'stopped' });
      return;
    }
    if (running === null) throw new Error(`"${message.type}" before "start"`);
    if (message.type === 'finish') {
      await running.instruments.finish();
      send({ type: 'finished' });
    } else if (message.type === 'count-acknowledged') {
      send({ type: 'acknowledged', count: running.instruments.acknowledged });
    } else if (message.type === 'password') {
      running.instruments.setPassword(message.target, message.password);
    } else {
      const { target, timeoutMs } = message;
      const { clock, recorders } = running;
      const { highestRowId } = running.instruments;
      const record = recorders.load;
      const end = await readback({ target, clock, record, timeoutMs, highestRowId });
      send({ type: 'readback', end });
    }
  };
  port.on('message', (message: ToInstruments) => {
    act(message).catch(fail);
  });
}

function prepare(message: ToInstruments & { type: 'start' }): Running {
  const { plan, history } = message;
  const clock = systemClock(plan.anchor);
  const write = (entry: Entry): void => {
    history.postMessage({ type: 'entry', entry } satisfies EntryMessage);
  };
  const recorders = { probes: recorder('probes', write), load: recorder('load', write) };
  return { clock, recorders, instruments: new Instruments(plan, clock, recorders) };
}

if (parentPort !== null) serve(parentPort);
