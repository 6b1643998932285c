/** Finds the value in messages that are not stored as messages yet: in the outbox, and in broadcasts that are running. */
import { sql, type SqlBool } from "kysely";
import type { Services } from "../context.ts";
import { payloadOf } from "../broadcast/step.ts";
import type { Tx } from "../../store/tx.ts";
import { NOTHING_LEFT, type Planned, type PlacePosition, type Search } from "./place.ts";

const PAGE = 100;

/** Rows of the outbox are deleted, because nothing refers to them yet. */
export async function outboxPlace(services: Services, search: Search, after: PlacePosition | null): Promise<Planned> {
  const { appKey, eventTypes, orgId, subject } = search;
  const rows = await services.store.db
    .selectFrom("outbox")
    .select(["id", "event_type", "payload", "content_type"])
    .where("id", ">", Number(after ?? 0))
    .$if(appKey !== null, (query) => query.where("app_id", "=", appKey!))
    .where(sql<SqlBool>`+app_id IN (SELECT id FROM application WHERE org_id = ${orgId})`)
    .orderBy("id")
    .limit(PAGE)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return NOTHING_LEFT;
  const keys = rows
    .filter(({ event_type: type }) => eventTypes === null || eventTypes.has(type))
    .filter(({ payload, content_type: type }) => isFound(subject.matchBody(payload, type)))
    .map(({ id }) => id);
  const next = rows.length < PAGE ? null : last.id;
  if (keys.length === 0) return { next, counts: {} };
  if (search.isDryRun) return { next, counts: { outbox: keys.length } };
  return {
    next,
    counts: {},
    erase: async ({ db }) => {
      const { numDeletedRows } = await db.deleteFrom("outbox").where("id", "in", keys).executeTakeFirstOrThrow();
      return { outbox: Number(numDeletedRows) };
    },
  };
}

/** A broadcast with the value is canceled. The messages that it has already published are found as messages. */
export async function broadcastPlace(services: Services, search: Search): Promise<Planned> {
  const { appKey, orgId, subject } = search;
  // A broadcast belongs to the whole organisation.
  if (appKey !== null) return NOTHING_LEFT;
  const rows = await services.store.db
    .selectFrom("broadcast")
    .innerJoin("task", "task.id", "broadcast.task_id")
    .select(["broadcast.task_id", "broadcast.message_json", "broadcast.payload", "broadcast.payload_sealed"])
    .where("task.org_id", "=", orgId)
    .execute();
  const keys = rows
    .filter(({ message_json: json, ...row }) => {
      const payload = payloadOf(services, row);
      const { contentType } = JSON.parse(json) as { readonly contentType?: string };
      return payload.byteLength > 0 && isFound(subject.matchBody(payload, contentType ?? "application/json"));
    })
    .map(({ task_id }) => task_id);
  if (keys.length === 0) return NOTHING_LEFT;
  if (search.isDryRun) return { next: null, counts: { broadcasts: keys.length } };
  return {
    next: null,
    counts: {},
    erase: async (tx) => {
      for (const key of keys) await cancelBroadcast(tx, key);
      return { broadcasts: keys.length };
    },
  };
}

async function cancelBroadcast({ db, signal }: Tx, taskKey: number): Promise<void> {
  const { data_json: json } = await db
    .selectFrom("task")
    .select("data_json")
    .where("id", "=", taskKey)
    .executeTakeFirstOrThrow();
  const data = { ...(JSON.parse(json) as object), canceling: true };
  await db
    .updateTable("task")
    .set({ data_json: JSON.stringify(data) })
    .where("id", "=", taskKey)
    .execute();
  await db
    .updateTable("broadcast")
    .set({ payload: new Uint8Array(), payload_sealed: null, message_json: "{}" })
    .where("task_id", "=", taskKey)
    .execute();
  signal({ kind: "task", key: taskKey, task: "message.broadcast" });
}

function isFound(match: "path" | "text" | "none" | "unreadable"): boolean {
  return match === "path" || match === "text";
}
