/** Inserts attempts of past days directly into the tables of a PostgreSQL, many times faster than making them. */
import pg from "pg";
import { keyAtTime } from "../../packages/posthorn/src/lib/id.ts";
import { clientConfig } from "../../packages/posthorn/src/store/postgres/connections.ts";
import { migrate } from "../../packages/posthorn/src/store/postgres/migrate.ts";
import { ensurePartitions } from "../../packages/posthorn/src/store/postgres/partitions.ts";

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface HistoryPlan {
  readonly endpoints: readonly { readonly id: number; readonly appId: number; readonly orgId: number }[];
  /** Endpoints of one application are adjacent in `endpoints`. Each message is for all of them. */
  readonly endpointsOfApplication: number;
  readonly days: number;
  /** Unix milliseconds: end of the most recent day. */
  readonly until: number;
}

/** One in this many messages has a rare type, one in as many has a rare tag, and one in this many deliveries has failed. */
const RARE = 10_000;
const FAILED = 50;
/** Distance between the keys of different stages. All keys of one stage are equal below it. */
const STAGE_KEYS = 16;
const MAX_STAGES = 8;
const roundedDown = (key: number): number => key - (key % (STAGE_KEYS * MAX_STAGES));

/** Messages per statement, so that the write-ahead log stays small. */
const STEP = 100_000;

const MESSAGES = `
  INSERT INTO posthorn.message (id, public_id, app_id, event_type, tags_json, payload, content_type)
  SELECT $1::bigint + n * $2::bigint, 'msg_' || lpad(n::text, 27, '0'), ($3::bigint[])[1 + n % cardinality($3::bigint[])],
    CASE WHEN n % ${RARE} = 0 THEN 'invoice.rare' ELSE 'invoice.paid' END,
    CASE WHEN n % ${RARE} = 1 THEN '["rare"]' END, convert_to(repeat('{"number":' || n || '}', 12), 'UTF8'), 'application/json'
  FROM generate_series($4::bigint, $5::bigint - 1) AS n`;

const LABELS = `
  INSERT INTO posthorn.message_label (app_id, kind, name, message_id)
  SELECT ($3::bigint[])[1 + n % cardinality($3::bigint[])], 1, 'rare', $1::bigint + n * $2::bigint
  FROM generate_series($4::bigint, $5::bigint - 1) AS n WHERE n % ${RARE} = 1`;

const OF_MESSAGES = `
  FROM generate_series($4::bigint, $5::bigint - 1) AS n CROSS JOIN generate_series(0, $6::int - 1) AS e
  CROSS JOIN LATERAL (SELECT ($3::bigint[])[1 + (n % (cardinality($3::bigint[]) / $6)) * $6 + e] AS endpoint_id) AS o`;

const DELIVERIES = `
  INSERT INTO posthorn.delivery (message_id, endpoint_id, state, due, attempts, generation, manual)
  SELECT $1::bigint + n * $2::bigint, o.endpoint_id, CASE WHEN n % ${FAILED} = 0 THEN 2 ELSE 1 END, NULL, 1, 0, 0 ${OF_MESSAGES}`;

const ATTEMPTS = `
  INSERT INTO posthorn.attempt (id, public_id, message_id, endpoint_id, url, status, trigger_type, response_code, response, duration_ms,
    detail_json)
  SELECT $1::bigint + n * $2::bigint + 1 + e, 'atmpt_' || lpad((n * $6 + e)::text, 27, '0'), $1::bigint + n * $2::bigint, o.endpoint_id,
    'https://example.com/webhooks', CASE WHEN n % ${FAILED} = 0 THEN 2 ELSE 0 END, 0, CASE WHEN n % ${FAILED} = 0 THEN 500 ELSE 200 END,
    'ok', 12, repeat('x', 200) ${OF_MESSAGES}`;

/** Statistics of these days, which the node would otherwise compute first. */
const COUNTED = `
  INSERT INTO posthorn.rollup
  SELECT $1::bigint, p.app_id, p.endpoint_id, hour, 100, 98, 2, 98, 0, 2, '[5,100]', '[5,100]'
  FROM unnest($2::bigint[], $3::bigint[]) AS p (app_id, endpoint_id) CROSS JOIN generate_series($4::bigint, $5::bigint) AS hour
  ON CONFLICT DO NOTHING`;
const CURSOR = `
  INSERT INTO posthorn.rollup_cursor (source, last_id) VALUES ('message', $1::bigint), ('attempt', $1::bigint)
  ON CONFLICT (source) DO UPDATE SET last_id = excluded.last_id`;

/**
 * Adds messages until there are `attempts` more attempts, evenly distributed over the days.
 *
 * @param stage From 1 to 7: separates the keys of one call from those of others.
 */
export async function addHistory(
  client: pg.ClientBase,
  plan: HistoryPlan,
  attempts: number,
  stage: number,
): Promise<void> {
  const { endpoints, endpointsOfApplication: fan, days, until } = plan;
  const from = roundedDown(keyAtTime(until - days * DAY_MS));
  const messages = Math.floor(attempts / fan);
  const stride = roundedDown(Math.floor((keyAtTime(until) - from) / messages));
  const keys = endpoints.map(({ id }) => id);
  const apps = endpoints.filter((_, index) => index % fan === 0).map(({ appId }) => appId);
  await client.query(CURSOR, [keyAtTime(until)]);
  const places = [
    { appId: 0, id: 0 },
    ...new Map(endpoints.map(({ appId }) => [appId, { appId, id: 0 }])).values(),
    ...endpoints,
  ];
  const hours = [until - days * DAY_MS, until].map((time) => Math.floor(time / HOUR_MS));
  const counted = [endpoints[0]!.orgId, places.map(({ appId }) => appId), places.map(({ id }) => id), ...hours];
  await client.query(COUNTED, counted);
  for (let at = 0; at < messages; at += STEP) {
    const range = [from + stage * STAGE_KEYS, stride, at, Math.min(messages, at + STEP)] as const;
    const [base, step, first, end] = range;
    await client.query(MESSAGES, [base, step, apps, first, end]);
    await client.query(LABELS, [base, step, apps, first, end]);
    await client.query(DELIVERIES, [base, step, keys, first, end, fan]);
    await client.query(ATTEMPTS, [base, step, keys, first, end, fan]);
  }
  await client.query("VACUUM (ANALYZE) posthorn.message, posthorn.message_label, posthorn.delivery, posthorn.attempt");
}

export interface SchemaClient extends AsyncDisposable {
  readonly client: pg.Client;
}

/** Creates the schema before a server does, with partitions for the past days, and stays connected. */
export async function openSchema(url: string, now: number, days: number): Promise<SchemaClient> {
  const client = new pg.Client(clientConfig({ url, use: "schema" }));
  await client.connect();
  await migrate(client, now);
  await ensurePartitions(client, now, now - (days + 1) * DAY_MS);
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** The endpoints of the database, those of an application adjacent. */
export async function endpointsIn(client: pg.ClientBase): Promise<HistoryPlan["endpoints"]> {
  const { rows } = await client.query<{ id: string; appId: string; orgId: string }>(
    `SELECT e.id, e.app_id AS "appId", a.org_id AS "orgId" FROM posthorn.endpoint e JOIN posthorn.application a ON a.id = e.app_id
     WHERE e.uid LIKE 'ep-%' ORDER BY e.app_id, e.id`,
  );
  return rows.map(({ id, appId, orgId }) => ({ id: Number(id), appId: Number(appId), orgId: Number(orgId) }));
}

/**
 * Adds attempts of the last days for each endpoint of the database, up to an hour ago, because the server computes the current hour itself.
 *
 * @param endpointsOfApplication Each message is for all of them.
 */
export async function fillWithAttempts(
  client: pg.ClientBase,
  {
    attempts,
    days,
    endpointsOfApplication,
  }: { readonly attempts: number; readonly days: number; readonly endpointsOfApplication: number },
): Promise<void> {
  const plan = {
    endpoints: await endpointsIn(client),
    endpointsOfApplication,
    days,
    until: Date.now() - HOUR_MS,
  };
  await addHistory(client, plan, attempts, 1);
}
