/** What a database holds besides the rows of its tables: sequences' values and large objects. */
import type { Client } from 'pg';
import { identifier, literal } from '../../../engine/postgres/examine.js';

const sequencesSql = `
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'S' and c.relpersistence <> 't'
    and (exists (select from pg_catalog.pg_extension e where c.oid = any (e.extconfig))
      or not exists (select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
          and d.deptype = 'e'))
  order by 1`;

/** So that the next value follows the last one. */
export async function moveSequences(from: Client, to: Client): Promise<void> {
  const { rows } = await from.query<{ name: string }>(sequencesSql);
  for (const { name } of rows) {
    const { rows: values } = await from.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${name}`,
    );
    for (const { last, called } of values)
      await to.query('select pg_catalog.setval($1, $2, $3)', [name, last, called]);
  }
}

interface LargeObject {
  readonly oid: string;
  readonly owner: string;
  readonly comment: string | null;
}

interface Grant {
  readonly oid: string;
  /** Empty: everybody. */
  readonly grantee: string;
  readonly privilege: string;
}

const objectsSql = `
  select oid::text, pg_get_userbyid(lomowner) as owner,
    obj_description(oid, 'pg_largeobject') as comment
  from pg_catalog.pg_largeobject_metadata order by oid`;

const grantsSql = `
  select o.oid::text, coalesce(r.rolname, '') as grantee, a.privilege_type as privilege
  from pg_catalog.pg_largeobject_metadata o, aclexplode(o.lomacl) a
    left join pg_catalog.pg_roles r on r.oid = a.grantee
  where a.grantee <> o.lomowner`;

const pieceBytes = 1024 * 1024;

/** With their numbers, which rows hold, their owners and who else may use them. */
export async function moveLargeObjects(from: Client, to: Client): Promise<void> {
  const { rows: objects } = await from.query<LargeObject>(objectsSql);
  for (const { oid, owner, comment } of objects) {
    await to.query('select pg_catalog.lo_create($1)', [oid]);
    for (let at = 0; ; at += pieceBytes) {
      const { rows } = await from.query<{ bytes: Buffer }>(
        'select pg_catalog.lo_get($1, $2, $3) as bytes',
        [oid, at, pieceBytes],
      );
      const bytes = rows[0]?.bytes;
      if (bytes === undefined || bytes.length === 0) break;
      await to.query('select pg_catalog.lo_put($1, $2, $3)', [oid, at, bytes]);
    }
    await to.query(`alter large object ${oid} owner to ${identifier(owner)}`);
    if (comment !== null) await to.query(`comment on large object ${oid} is ${literal(comment)}`);
  }
  const { rows: grants } = await from.query<Grant>(grantsSql);
  for (const { oid, grantee, privilege } of grants) {
    const role = grantee === '' ? 'public' : identifier(grantee);
    await to.query(`grant ${privilege} on large object ${oid} to ${role}`);
  }
}
