import { type Call, type Context, reader } from "../context.ts";
import { explanationOf } from "../endpoint/explain-filter.ts";
import { getMessage, type MessageRef } from "./find.ts";
import type { Mismatch, Unmatched } from "./match.ts";

export interface Matching {
  /** Number of endpoints that matched when the message was accepted, or to which it was sent later. */
  readonly matched: number;
  readonly unmatched: number;
  /** The first 200 endpoints that did not match. */
  readonly reasons: readonly {
    readonly endpointId: string;
    readonly endpointUid: string | null;
    /** The URL that the endpoint has now. */
    readonly url: string;
    /** The event types to which it subscribes now; `null`: all. */
    readonly eventTypes: readonly string[] | null;
    readonly reason: Mismatch["reason"];
    readonly clause: string | null;
    readonly message: string;
  }[];
}

/** Endpoints that matched a message when it was accepted, and why the others did not. Later changes of endpoints have no effect. */
export async function getMatching({ ctx, input }: Call<MessageRef>): Promise<Matching> {
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  const db = reader(ctx);
  const row = await db.selectFrom("message").select("unmatched_json").where("id", "=", message.key).executeTakeFirst();
  const { matched } = await db
    .selectFrom("delivery")
    .innerJoin("endpoint", "endpoint.id", "delivery.endpoint_id")
    .select((eb) => eb.fn.countAll<number>().as("matched"))
    .where("delivery.message_id", "=", message.key)
    .where("endpoint.replay_task_id", "is", null)
    .executeTakeFirstOrThrow();
  const json = row?.unmatched_json ?? null;
  if (json === null) {
    ctx.audit?.unchanged();
    return { matched, unmatched: 0, reasons: [] };
  }
  const stored = JSON.parse(json) as Unmatched;
  const { reasons, hidden } = await reasonsOf(ctx, stored);
  // Only the decision of a filter reveals something about the payload.
  if (!reasons.some(({ reason }) => reason === "filter" || reason === "filter_error")) ctx.audit?.unchanged();
  return { matched, unmatched: stored.n - hidden, reasons };
}

/** The stored reasons, and how many of them belong to endpoints that are not shown: deleted ones and targets of replays. */
async function reasonsOf(
  ctx: Context,
  stored: Unmatched,
): Promise<{ readonly reasons: Matching["reasons"]; readonly hidden: number }> {
  const mismatches = new Map<number, Mismatch>([
    ...(stored.filter ?? []).map(([key, clause]) => [key, { reason: "filter", clause }] as const),
    ...(stored.filter_error ?? []).map(([key, code]) => [key, { reason: "filter_error", code }] as const),
    ...(stored.channels ?? []).map((key) => [key, { reason: "channels" }] as const),
    ...(stored.event_type ?? []).map((key) => [key, { reason: "event_type" }] as const),
  ]);
  const endpoints = await reader(ctx)
    .selectFrom("endpoint")
    .select(["id", "public_id", "uid", "url", "event_types_json"])
    .where("id", "in", [...mismatches.keys()])
    .where("replay_task_id", "is", null)
    .where("deleted_at", "is", null)
    .execute();
  const byKey = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const reasons = [...mismatches].flatMap(([key, mismatch]) => {
    const endpoint = byKey.get(key);
    if (endpoint === undefined) return [];
    const { reason } = mismatch;
    const { clause, message } = explanationOf(mismatch, null);
    const sentence = reason === "filter" ? `The clause ${clause} of its filter did not match.` : message;
    const { public_id: endpointId, uid: endpointUid, url, event_types_json: types } = endpoint;
    const eventTypes = types === null ? null : (JSON.parse(types) as string[]);
    return [{ endpointId, endpointUid, url, eventTypes, reason, clause, message: sentence }];
  });
  return { reasons, hidden: mismatches.size - reasons.length };
}
