/** Inserts many messages with a delivery and an attempt each into either database, many times faster than publishing them. */
import { sql } from "kysely";
import { keyAtTime } from "../../packages/posthorn/src/lib/id.ts";
import type { Store } from "../../packages/posthorn/src/store/store.ts";

const HOUR_MS = 3_600_000;
/** Messages per transaction. */
const STEP = 1000;
/** One in this many deliveries failed. */
const FAILED = 50;
/** One in this many messages has a rare type. */
const RARE = 10_000;
/** Every second message is for the busy application; the others are spread evenly over all. */
const BUSY_SHARE = 2;
const PAYLOAD = Buffer.from(JSON.stringify({ data: "x".repeat(130) }));

export interface MessagePlan {
  readonly messages: number;
  /** Each message is for one of these endpoints. */
  readonly endpoints: readonly { readonly appId: number; readonly id: number }[];
  /** Index of the busy endpoint. */
  readonly busy: number;
  readonly orgId: number;
  /** Unix milliseconds: the messages are spread evenly between these times. */
  readonly from: number;
  readonly until: number;
}

export async function addMessages(store: Store, plan: MessagePlan): Promise<void> {
  const base = keyAtTime(plan.from);
  const stride = Math.floor((keyAtTime(plan.until) - base) / plan.messages);
  for (let at = 0; at < plan.messages; at += STEP) {
    const rows = Array.from({ length: Math.min(STEP, plan.messages - at) }, (_, index) => {
      const n = at + index;
      const { appId, id: endpointId } = plan.endpoints[n % BUSY_SHARE === 0 ? plan.busy : n % plan.endpoints.length]!;
      return { id: base + n * stride, digits: String(n).padStart(27, "0"), n, appId, endpointId };
    });
    await store.transaction(async ({ db }) => {
      await db
        .insertInto("message")
        .values(
          rows.map(({ id, digits, n, appId }) => ({
            id,
            public_id: `msg_${digits}`,
            app_id: appId,
            event_type: n % RARE === 0 ? "invoice.rare" : "invoice.paid",
            payload: PAYLOAD,
            content_type: "application/json",
          })) as never,
        )
        .execute();
      await db
        .insertInto("delivery")
        .values(
          rows.map(({ id, n, endpointId }) => {
            const state = n % FAILED === 0 ? 2 : 1;
            return { message_id: id, endpoint_id: endpointId, state, due: null, attempts: 1, generation: 0, manual: 0 };
          }) as never,
        )
        .execute();
      await db
        .insertInto("attempt")
        .values(
          rows.map(({ id, digits, n, endpointId }) => ({
            id: id + 1,
            public_id: `atmpt_${digits}`,
            message_id: id,
            endpoint_id: endpointId,
            url: "https://hooks.example.com/webhooks",
            status: n % FAILED === 0 ? 2 : 0,
            trigger_type: 0,
            response_code: n % FAILED === 0 ? 500 : 200,
            response: "ok",
            duration_ms: 12,
          })) as never,
        )
        .execute();
    });
  }
  await addStatistics(store, plan);
}

/** Counts of one of the hours, and how far the statistics have been computed, which the node would otherwise begin with. */
async function addStatistics(store: Store, { orgId, until }: MessagePlan): Promise<void> {
  const hour = Math.floor(until / HOUR_MS);
  const newest = keyAtTime(until);
  await store.transaction(async ({ db }) => {
    await sql`INSERT INTO rollup SELECT cast(${orgId} as bigint), places.app_id, places.endpoint_id, cast(${hour} as bigint), 10, 9, 1, 9, 0, 1, '[5,10]', '[5,10]'
      FROM (SELECT 0 AS app_id, 0 AS endpoint_id
        UNION ALL SELECT id, 0 FROM application WHERE org_id = ${orgId}
        UNION ALL SELECT app_id, id FROM endpoint) AS places`.execute(db);
    for (const source of ["message", "attempt"]) {
      await sql`INSERT INTO rollup_cursor (source, last_id) VALUES (${source}, cast(${newest} as bigint))
        ON CONFLICT (source) DO UPDATE SET last_id = excluded.last_id`.execute(db);
    }
  });
}
