import { describe, expect, it } from 'vitest';
import { throughOption } from '../../cli/through-option.js';
import type { EntryOf, LaneKind, LaneSpec } from '../../harness/history/entry.js';
import { measureLane } from '../../harness/measure/lane.js';
import { planLanes } from '../../harness/planned-lanes.js';
import { stillDownTexts } from '../../harness/report/still-down.js';
import { measurePooling, measureThrough } from '../../harness/through/measure-through.js';
import { throughObjectives } from '../../harness/through/planned-through.js';
import { throughTexts } from '../../harness/through/through-text.js';
import {
  environmentOf,
  type PlaceholderValues,
  rendered,
  renderedCommand,
} from '../../sim/pooling/template.js';

const values: PlaceholderValues = {
  ...{ listen: '127.0.0.1:1', listenHost: '127.0.0.1', listenPort: '1' },
  ...{ upstream: '127.0.0.1:2', upstreamHost: '127.0.0.1', upstreamPort: '2' },
  ...{ user: 'app', password: "it's $x", database: 'shop' },
  ...{ instrumentUser: 'i', instrumentPassword: 'p', instrumentDatabase: 'd' },
  ...{ config: '/t/pooler.conf', folder: '/t' },
};

describe('placeholders', () => {
  it('stand for one word of a command, whatever is in them', () => {
    expect(renderedCommand('x -p {{password}} {{ listen }}', values)).toBe(
      "x -p 'it'\\''s $x' 127.0.0.1:1",
    );
  });

  it('stand as they are in a configuration, where what nobody knows stays', () => {
    expect(rendered('p={{password}} {{other}}', values)).toBe("p=it's $x {{other}}");
  });

  it('are variables, too', () => {
    expect(environmentOf(values)).toMatchObject({
      REHEARSE_THROUGH_LISTEN_PORT: '1',
      REHEARSE_THROUGH_PASSWORD: "it's $x",
    });
  });
});

describe('--through', () => {
  it('rds-proxy has the defaults of AWS', () => {
    expect(throughOption({ through: 'rds-proxy' }, 'mysql')).toEqual({
      label: 'rds-proxy',
      through: {
        kind: 'rds-proxy',
        connectionsMax: null,
        borrowTimeoutMs: 120_000,
        idleClientTimeoutMs: 1_800_000,
      },
    });
  });

  it('a command is shown without its arguments', () => {
    const through = 'haproxy -x {{listen}} {{upstream}} --password secret';
    expect(throughOption({ through }, 'mysql')).toMatchObject({ label: 'haproxy' });
  });

  it('settings of PgBouncer go over the ones given here, and none of MySQL', () => {
    const found = throughOption({ through: 'pgbouncer:pool_mode=session,x_y=1' }, 'postgres');
    expect(found?.through).toMatchObject({
      config: expect.stringMatching(/pool_mode = session\n(.*\n)*x_y = 1/),
    });
    expect(() => throughOption({ through: 'pgbouncer' }, 'mysql')).toThrow('does not speak to');
  });

  it.each([
    [{ throughConfig: 'package.json' }, 'needs --through'],
    [{ through: 'nothing' }, 'does not tell the program where to listen'],
    [{ through: 'x {{listen}}' }, 'whom to dial'],
    [{ through: 'x {{listen}} {{upstream}} {{nonsense}}' }, 'no placeholder {{nonsense}}'],
    [{ through: 'rds-proxy:speed=1' }, 'no setting "speed"'],
    [{ through: 'rds-proxy:borrow-timeout=soon' }, 'borrow-timeout cannot be "soon"'],
    [{ through: 'rds-proxy', throughConfig: 'package.json' }, 'takes no --through-config'],
    [{ through: 'pgbouncer', throughConfig: 'no/such/file' }, 'cannot be read'],
    [{ through: 'pgbouncer:pool_mode' }, 'not of the form name=value'],
    [{ through: 'rds-proxy:max-connections=0' }, 'max-connections cannot be'],
    [{ through: 'x {{listen}} {{upstream}}', throughConfig: 'package.json' }, '{{config}}'],
  ])('%o is refused', (options, why) => {
    expect(() => throughOption(options, 'postgres')).toThrow(why);
  });
});

describe('lanes on both sides', () => {
  const clusters = [{ identifier: 'demo', role: 'primary' as const, members: [] }];
  const request = { seed: '1', intervalMs: 100, timeoutMs: null, edgeIntervalMs: 10 };

  it('are there where something stands between, and poll no edges', () => {
    const through = throughOption({ through: 'rds-proxy' }, 'postgres');
    const names = (lanes: ReturnType<typeof planLanes>): string[] =>
      lanes.map(({ spec }) => spec.name).filter((name) => name.startsWith('through/'));
    expect(names(planLanes({ clusters }, request))).toEqual([]);
    const lanes = planLanes({ clusters }, { ...request, through });
    expect(names(lanes)).toEqual([
      'through/new-connection',
      'through/held-session',
      'through/idle-session',
      'through/writer',
    ]);
    const own = lanes.filter(({ spec }) => spec.target === 'through');
    expect(own.every(({ spec }) => spec.edgeIntervalMs === null)).toBe(true);
  });

  const lane = (target: string, kind: LaneKind, outcomes: string) => {
    const spec: LaneSpec = {
      ...{ name: target === 'writer' ? kind : `${target}/${kind}`, kind, target },
      ...{ intervalMs: 100, timeoutMs: 1_000, edgeIntervalMs: null },
    };
    const polls = [...outcomes].map((one, tick) => ({
      ...{ tick, scheduledNs: tick * 1e8, startNs: tick * 1e8, endNs: tick * 1e8 + 1e6 },
      outcome:
        one === '?'
          ? ('unknown' as const)
          : one === 'x' || one === 'r'
            ? ('fail' as const)
            : ('ok' as const),
      error:
        one === 'x' || one === 'r'
          ? {
              ...{ kind: one === 'x' ? ('terminated' as const) : ('read-only' as const) },
              ...{ sqlstate: one === 'x' ? '57P01' : '25006', code: null, message: '' },
            }
          : null,
      server: null,
      ...(one === 'n' ? { reconnected: true } : {}),
    }));
    return measureLane(spec, polls, { slowNs: 1e9, unobserved: [] });
  };

  it('are held against each other: a session is lost once for each stretch of failures', () => {
    const [found] = measureThrough([
      lane('writer', 'writer', '..xxxrrn..xn..'),
      lane('through', 'writer', '.....x........'),
    ]);
    expect([found?.direct.sessionsLost, found?.through.sessionsLost]).toEqual([2, 0]);
    expect([...(found?.direct.errors ?? [])]).toEqual([
      ['terminated (57P01)', 4],
      ['read-only (25006)', 2],
    ]);
    const { added } = found ?? {};
    expect(added?.lowerNs).toBeLessThan(added?.estimateNs ?? 0);
    expect(added?.upperNs).toBeLessThan(0);
  });

  it('a session that is gone at the end is lost; a read-only node is none', () => {
    const lost = (outcomes: string) =>
      measureThrough([lane('writer', 'writer', '.'), lane('through', 'writer', outcomes)])[0]
        ?.through.sessionsLost;
    expect([lost('..xx'), lost('..rrn.'), lost('....')]).toEqual([1, 0, 0]);
  });

  it('stretches in doubt may have been down, and are in the difference', () => {
    const [found] = measureThrough([
      lane('writer', 'writer', '............'),
      lane('through', 'writer', '..????????..'),
    ]);
    expect(found?.through.downtime).toMatchObject({ lowerNs: 0 });
    expect(found?.through.downtime.upperNs).toBeGreaterThan(8e8);
    expect(found?.added.upperNs).toBeGreaterThan(8e8);
  });

  it('are held to what the writer is held to, unless the user says otherwise', () => {
    const defaults = ['writer.downtime <= 60s', 'writes.lost == 0'];
    expect(throughObjectives(defaults, null)).toEqual(defaults);
    const through = throughOption({ through: 'rds-proxy' }, 'postgres');
    expect(throughObjectives(defaults, through)).toEqual([
      ...defaults,
      'through/writer.downtime <= 60s',
      'through/new-connection.downtime <= 60s',
    ]);
  });

  it('a request that waited is told beside a downtime of nothing', () => {
    const side = (slowestMs: number) => ({
      downtime: { lowerMs: 0, upperMs: 0, estimateMs: 0 },
      ...{ sessionsLost: 0, errors: {}, slowestMs },
    });
    const added = { lowerMs: 0, upperMs: 0, estimateMs: 0 };
    const textOf = (slowestMs: number): string =>
      throughTexts(
        {
          ...{ what: 'pgbouncer', pooling: null },
          lanes: [{ kind: 'writer', direct: side(40), through: side(slowestMs), added }],
        },
        {},
      ).join('\n');
    expect(textOf(15_200)).toContain('but an answer was waited for 15.2s');
    expect(textOf(300)).not.toContain('waited');
  });

  it('one that was down when last looked at is told of', () => {
    const outage = (endMs: number | null) =>
      ({ endedMs: [0, endMs], startMs: 500, startedAt: null }) as never;
    const lanes = {
      'through/writer': { outages: [outage(900), outage(null)] },
      writer: { outages: [outage(900)] },
      reader: { outages: [] },
    } as never;
    expect(stillDownTexts({ lanes, t0Ms: 0 })).toEqual([
      'through/writer was still down when last looked at, from T0+0.5s on',
    ]);
  });

  it('tell what the pooling endpoint told', () => {
    const gauge = (name: string, value: number): EntryOf<'gauge'> =>
      ({ kind: 'gauge', data: { name, value, unit: null } }) as EntryOf<'gauge'>;
    expect(measurePooling([gauge('endpoint.state', 1)])).toBe(null);
    expect(
      measurePooling([
        gauge('pooling.kept', 3),
        gauge('pooling.ended.in-statement', 1),
        gauge('pooling.ended.in-statement', 2),
        gauge('pooling.pinned.SET', 4),
      ]),
    ).toEqual({
      keptIdle: 3,
      ended: new Map([['in-statement', 2]]),
      pinned: new Map([['SET', 4]]),
    });
  });
});
