/** The pages of `describe` about blue/green by hand. */
import type { Part, Source, Switch } from '../../harness/scenario.js';

export const selfManagedParts: readonly Part[] = [
  {
    heading: 'In this order [article]',
    statements: [
      'Green is a cluster of its own with a copy of the data; it is upgraded, and ' +
        'follows blue one way.',
      'Reads are shifted to it: 10, 20, 50, 100 percent of new connections of the reader name.',
      'Green is waited for until it has everything, and promoted. Nothing keeps blue from taking ' +
        'more writes meanwhile, unless --read-only-first true.',
      'T0: the names lead to green. Who asked DNS before believes the old answer for its TTL.',
      'Sessions on blue may go on for a while and are ended then. Blue stays as it is.',
    ],
  },
  {
    heading: 'What clients see',
    statements: [
      'A session on blue goes on until it is drained: 57P01 on Postgres, a closed connection on ' +
        'MySQL and MariaDB. Who dials again before the TTL is over comes to blue once more.',
      'With --read-only-first true every write on blue is refused from T0 on: 25006 on Postgres, ' +
        '1290 on MySQL and MariaDB, until the client has a session on green.',
      'Reads that were shifted may miss what the same client has just written on blue.',
    ],
  },
  {
    heading: 'What is lost',
    statements: [
      'While blue takes writes too, both sides do: split brain [article]. Whatever blue ' +
        'acknowledged since green was promoted is not on green; writes.lost counts it.',
      'Both give numbers to their rows: rows that collide where somebody brings the two ' +
        'together. The check "numbers given twice" counts them.',
      'Logical replication of Postgres carries no values of sequences [logical]: left as they ' +
        'are (--sequences leave), green gives numbers that rows have already.',
      'Without the wait for green (--lag-check false) what was on its way is lost.',
      'On the way back (--back re-point) green has the writes since T0 alone, and blue serves ' +
        'without them. The article calls this fast; what it loses it does not say.',
    ],
  },
  {
    heading: 'How it differs from the deployments of AWS [managed]',
    statements: [
      'Those stop writes on both sides, end every connection and take all reads at once: there ' +
        'is no share to be shifted. They guard against lag, and roll back by themselves.',
      'After them old blue is read-only, so that no split brain can be. See blue-green.',
    ],
  },
];

export const selfManagedSwitches: readonly Switch[] = [
  {
    option: '--read-only-first',
    values: 'true | false',
    byDefault: 'false',
    why:
      'Whether the side that is switched away from takes no writes any more before green is ' +
      'waited for. The article warns of split brain and has no such step [article].',
    setting: {
      ...{ of: 'operation', operation: 'switch-by-dns', name: 'readOnlyFirst' },
      allowed: [false, true],
    },
  },
  {
    option: '--lag-check',
    values: 'true | false',
    byDefault: 'true',
    why: 'Whether green is waited for until it has everything [article].',
    setting: {
      ...{ of: 'operation', operation: 'switch-by-dns', name: 'lagCheck' },
      allowed: [true, false],
    },
  },
  {
    option: '--sequences',
    values: 'advance | leave',
    byDefault: 'advance',
    why:
      'Whether the sequences of green are advanced to where those of blue are, on Postgres. The ' +
      'article does not mention them; MySQL and MariaDB carry their counters with the rows.',
    setting: {
      ...{ of: 'operation', operation: 'switch-by-dns', name: 'sequences' },
      allowed: ['advance', 'leave'],
    },
  },
  {
    option: '--ttl',
    values: 'a duration',
    byDefault: 'by --timing',
    why:
      'For how long the old answer of DNS is believed. Taken for everybody, as for a client that ' +
      'asked just before the change; some caches keep it for longer.',
    setting: { of: 'timing', name: 'ttlMs' },
  },
  {
    option: '--drain',
    values: 'a duration',
    byDefault: 'by --timing',
    why: 'For how long sessions on the side before go on until they are ended, counted from T0.',
    setting: { of: 'timing', name: 'drainMs' },
  },
  {
    option: '--shift',
    values: 'gradual | at-once | none',
    byDefault: 'gradual',
    why: '10, 20, 50, 100 percent of reads before the switch; all of them at once; or none.',
    setting: { of: 'choice', allowed: ['gradual', 'at-once', 'none'] },
  },
  {
    option: '--back',
    values: 'none | re-point',
    byDefault: 'none',
    why: 'Whether the names are led back to blue in the end, and what that loses [article].',
    setting: { of: 'choice', allowed: ['none', 're-point'] },
  },
];

export const selfManagedSources: readonly Source[] = [
  {
    label: 'article',
    where:
      'a published lesson on blue/green deployments of databases: one-way replication, DNS with ' +
      'a short TTL, draining, shares of 10, 20, 50 and 100 percent, rollback by re-pointing',
  },
  {
    label: 'managed',
    where:
      'AmazonRDS UserGuide/blue-green-deployments-switching and ' +
      'AuroraUserGuide/blue-green-deployments-switching: what AWS does instead',
  },
  {
    label: 'logical',
    where:
      'PostgreSQL documentation, Logical Replication, Restrictions: neither schema changes nor ' +
      'sequences are replicated',
  },
];
