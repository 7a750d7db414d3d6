import { describe, expect, it } from 'vitest';
import { Traffic } from '../../sim/endpoint/postgres/traffic.js';
import {
  backend,
  frontend,
  message,
  parameterStatusMessage,
  parseMessage,
  queryMessage,
  readyForQueryMessage,
  syncMessage,
} from '../../sim/wire/postgres/messages.js';

const bind = message(frontend.bind, Buffer.alloc(8));
const execute = message(frontend.execute, Buffer.alloc(5));
const ready = (status: 'I' | 'T' | 'E'): Buffer => readyForQueryMessage(status);
const copyIn = message(backend.copyInResponse, Buffer.from([0, 0, 0]));

function traffic(): Traffic {
  return new Traffic(new Map());
}

describe('Traffic', () => {
  it('is idle only when every request is answered and no transaction is open', () => {
    const t = traffic();
    expect(t.idle).toBe(true);
    t.fromClient.walk(queryMessage('begin'));
    expect(t.idle).toBe(false);
    expect(t.awaitingAnswer).toBe(true);
    t.fromServer.walk(ready('T'));
    expect(t.idle).toBe(false);
    expect(t.quiet).toBe(true);
    t.fromClient.walk(queryMessage('commit'));
    t.fromServer.walk(ready('I'));
    expect(t.idle).toBe(true);
  });

  it('counts pipelined requests, and extended messages only at their Sync', () => {
    const t = traffic();
    t.fromClient.walk(Buffer.concat([queryMessage('a'), queryMessage('b')]));
    t.fromServer.walk(ready('I'));
    expect(t.idle).toBe(false);
    t.fromServer.walk(ready('I'));
    expect(t.idle).toBe(true);
    t.fromClient.walk(Buffer.concat([parseMessage('s', 'select 1', []), bind, execute]));
    expect(t.idle).toBe(false);
    expect(t.awaitingAnswer).toBe(false);
    t.fromClient.walk(syncMessage);
    expect(t.awaitingAnswer).toBe(true);
    t.fromServer.walk(ready('I'));
    expect(t.idle).toBe(true);
  });

  it('is not idle in the middle of a message, in either direction', () => {
    const t = traffic();
    const query = queryMessage('select 1');
    t.fromClient.walk(query.subarray(0, 3));
    expect(t.idle).toBe(false);
    t.fromClient.walk(query.subarray(3));
    const answer = ready('I');
    t.fromServer.walk(answer.subarray(0, 5));
    expect(t.idle).toBe(false);
    t.fromServer.walk(answer.subarray(5));
    expect(t.idle).toBe(true);
  });

  it('follows COPY by simple query', () => {
    const t = traffic();
    t.fromClient.walk(queryMessage('copy t from stdin'));
    t.fromServer.walk(copyIn);
    expect(t.awaitingAnswer).toBe(false);
    t.fromClient.walk(message(frontend.copyData, 'x'));
    t.fromClient.walk(message(frontend.copyDone));
    expect(t.idle).toBe(false);
    t.fromServer.walk(ready('I'));
    expect(t.idle).toBe(true);
  });

  it('follows COPY by extended query, whose first Sync the server swallows', () => {
    const t = traffic();
    t.fromClient.walk(
      Buffer.concat([parseMessage('', 'copy t from stdin', []), bind, execute, syncMessage]),
    );
    t.fromServer.walk(copyIn);
    t.fromClient.walk(Buffer.concat([message(frontend.copyData, 'x'), message(frontend.copyDone)]));
    expect(t.idle).toBe(false);
    t.fromClient.walk(syncMessage);
    t.fromServer.walk(ready('I'));
    expect(t.idle).toBe(true);
  });

  it('keeps the unnamed statement until a simple query destroys it', () => {
    const t = traffic();
    const parse = parseMessage('', 'select $1', [23]);
    t.fromClient.walk(Buffer.concat([parse, parseMessage('named', 'select 2', [])]));
    expect(t.unnamedParse?.equals(parse)).toBe(true);
    t.fromClient.walk(queryMessage('select 1'));
    expect(t.unnamedParse).toBeNull();
  });

  it('keeps the unnamed statement whole when it comes in pieces', () => {
    const parse = parseMessage('', 'select 1 where true', []);
    for (let split = 1; split < parse.length; split++) {
      const t = traffic();
      t.fromClient.walk(parse.subarray(0, split));
      t.fromClient.walk(parse.subarray(split));
      expect(t.unnamedParse?.equals(parse)).toBe(true);
    }
  });

  it('sees custom settings in text, in set_config and in its parameters', () => {
    const t = traffic();
    t.fromClient.walk(queryMessage(`set app.tenant_id = '7'; SET "my_app".role TO 'x'`));
    t.fromClient.walk(queryMessage(`select set_config('a.b', '1', false)`));
    t.fromClient.walk(queryMessage('select t.x from t where x = 1'));
    expect([...t.customSettings].sort()).toEqual(['a.b', 'app.tenant_id', 'my_app.role']);
    t.fromClient.walk(parseMessage('s', 'select set_config($1, $2, false)', []));
    t.fromClient.walk(
      message(frontend.bind, '\0s\0', Buffer.alloc(6), 'late.name', Buffer.alloc(4)),
    );
    expect(t.customSettings.has('late.name')).toBe(true);
  });

  it.each([
    ["SET/**/app.b = '1'", ['app.b']],
    ['SET --x\n app.i TO 2', ['app.i']],
    ["set /* a /* nested */ one */ session app.n = 'x'", ['app.n']],
    ["set app . spaced = 'x'", ['app.spaced']],
    ["select set_config(E'app.d', '1', false)", ['app.d']],
    ["select set_config(/* name */ 'app.c', '1', false)", ['app.c']],
    ["select set_config(setting_name => 'app.e', new_value => '1', is_local => false)", ['app.e']],
    ['select set_config($q$app.q$q$, $$1$$, false)', ['app.q']],
    ["select '/*'; set app.f = '1'; select '*/'", ['app.f']],
    ["select '--'; set/* */app.g = '1'", ['app.g']],
    ["select 'it''s /* none'; SET/**/app.h = '1'; select '*/'", ['app.h']],
  ])('finds the name in %s', (sql, names) => {
    const t = traffic();
    t.fromClient.walk(queryMessage(sql));
    expect([...t.customSettings]).toEqual(names);
  });

  it('reads the parameters of a set_config with comments in it', () => {
    const t = traffic();
    t.fromClient.walk(parseMessage('s', 'select set_config(/**/ $1, $2, false)', []));
    t.fromClient.walk(message(frontend.bind, '\0s\0', Buffer.alloc(6), 'a.late', Buffer.alloc(4)));
    expect(t.customSettings.has('a.late')).toBe(true);
  });

  it('remembers what the server reported', () => {
    const t = traffic();
    t.fromServer.walk(parameterStatusMessage('TimeZone', 'UTC'));
    expect(t.reported.get('TimeZone')).toBe('UTC');
  });

  it('says that the client ends, and what is a violation', () => {
    const t = traffic();
    t.fromClient.walk(message(frontend.terminate));
    expect(t.ending).toBe(true);
    t.fromClient.walk(Buffer.from([0x51, 0, 0, 0, 1]));
    expect(t.violation).toMatch(/invalid message length/);
  });
});
