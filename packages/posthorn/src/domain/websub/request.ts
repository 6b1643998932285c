/** Requests of subscribers at the WebSub hub (W3C Recommendation, 23 January 2018). They take effect once the subscriber confirms them. */
import { hostOf } from "../../destinations/kinds.ts";
import { notFound, PosthornError } from "../../lib/errors.ts";
import { isUniqueViolation } from "../../store/errors.ts";
import { checkUrl } from "../endpoint/endpoint.ts";
import type { OutsideContext, Services } from "../context.ts";
import { actorOf } from "../subscription/actor.ts";
import { targetHash } from "../subscription/subscription.ts";
import { type RequestDetail, sealDetail } from "./detail.ts";
import { intentHash } from "./pending.ts";
import { type Topic, topicOfToken } from "./topic.ts";
import { tokenOfTopic } from "./urls.ts";

/** A request as sent, without its defaults. */
export interface HubRequest {
  readonly mode: "subscribe" | "unsubscribe";
  readonly callback: string;
  readonly topic: string;
  /** `null`: not given. */
  readonly leaseSeconds: number | null;
  readonly secret: string | null;
}

const MAX_CALLBACK = 2048;
/** WebSub, section 5.1: less than 200 bytes. */
const MAX_SECRET_BYTES = 199;

/** Reads the parameters of a form. Other parameters are ignored, as the specification requires. Throws `bad_request`. */
export function readHubRequest(form: URLSearchParams): HubRequest {
  const mode = only(form, "hub.mode");
  if (mode !== "subscribe" && mode !== "unsubscribe") {
    throw bad('Set hub.mode to "subscribe" or "unsubscribe".');
  }
  const callback = only(form, "hub.callback") ?? "";
  const topic = only(form, "hub.topic") ?? "";
  if (topic === "") throw bad("Set hub.topic to the URL of the topic.");
  if (callback === "" || callback.length > MAX_CALLBACK) {
    throw bad(`Set hub.callback to a URL of up to ${MAX_CALLBACK} characters.`);
  }
  const secret = only(form, "hub.secret");
  if (secret !== null && Buffer.byteLength(secret) > MAX_SECRET_BYTES) {
    throw bad(`hub.secret can have up to ${MAX_SECRET_BYTES} bytes.`);
  }
  return { mode, callback, topic, leaseSeconds: leaseOf(form), secret: secret === "" ? null : secret };
}

function leaseOf(form: URLSearchParams): number | null {
  const text = only(form, "hub.lease_seconds");
  if (text === null || text === "") return null;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw bad("hub.lease_seconds must be a positive number of seconds.");
}

function only(form: URLSearchParams, name: string): string | null {
  const values = form.getAll(name);
  if (values.length > 1) throw bad(`${name} is given more than once.`);
  return values[0] ?? null;
}

function bad(message: string): PosthornError {
  return new PosthornError("bad_request", message);
}

/** Requests of one topic that wait for their confirmation. */
const MAX_PENDING_OF_TOPIC = 100;
/** Requests at one host over all topics, so that the hub cannot be used to flood it. */
const MAX_PENDING_AT_HOST = 10;

/**
 * Stores a request until its subscriber confirms it. A repetition of a pending request changes nothing, so that repeated requests cause no more
 * calls. A request that differs from a pending one of the same callback is verified separately and does not replace it, because anyone with the
 * URL of the topic can send one. Throws `not_found` for an unknown topic.
 */
export async function acceptHubRequest(services: Services, request: HubRequest): Promise<void> {
  const ctx = { services, tx: null, operation: "websub.request" } as const;
  const token = tokenOfTopic(services.rules, request.topic);
  const topic = token === null || !isServed(services) ? null : await topicOfToken(ctx, token);
  if (topic === null) throw notFound("topic");
  const actor = await actorOf(services.store.db, topic.appKey);
  const inside: OutsideContext = { ...ctx, actor };
  const callback = await checkCallback(inside, topic, request.callback);
  if (request.mode === "unsubscribe" && !(await isKnown(services, topic, callback))) throw notFound("subscription");
  const { min, max, default: preset } = topic.lease;
  const isSubscribing = request.mode === "subscribe";
  const detail: RequestDetail = {
    callback,
    topicUrl: topic.url,
    leaseSeconds: isSubscribing ? Math.min(max, Math.max(min, request.leaseSeconds ?? preset)) : null,
    secret: isSubscribing ? request.secret : null,
    reason: null,
  };
  await save(services, topic, request.mode, detail);
}

/** Whether the operator allows subscriptions at the hub. */
export function isServed({ rules }: Pick<Services, "rules">): boolean {
  return rules.kinds.problem("webSub") === null;
}

async function checkCallback(ctx: OutsideContext, { appKey }: Topic, callback: string): Promise<string> {
  const url = URL.parse(callback);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw bad("hub.callback is not an absolute HTTP URL.");
  }
  if (url.hash !== "") throw bad("hub.callback must not have a fragment.");
  try {
    return await checkUrl(ctx, appKey, callback);
  } catch (error) {
    throw bad(`hub.callback: ${error instanceof Error ? error.message.replace(/^body\.url: /, "") : "not allowed"}`);
  }
}

/** Whether there is a subscription to end, or a request for one. Otherwise, a request to unsubscribe would only cause a call. */
async function isKnown({ store }: Services, { key }: Topic, callback: string): Promise<boolean> {
  const hash = targetHash(callback);
  const subscription = await store.db
    .selectFrom("subscription")
    .select("id")
    .where("topic_id", "=", key)
    .where("target_hash", "=", hash)
    .executeTakeFirst();
  if (subscription !== undefined) return true;
  const request = await store.db
    .selectFrom("websub_request")
    .select("id")
    .where("topic_id", "=", key)
    .where("target_hash", "=", hash)
    .where("state", "=", "pending")
    .executeTakeFirst();
  return request !== undefined;
}

async function save(services: Services, topic: Topic, mode: HubRequest["mode"], detail: RequestDetail): Promise<void> {
  const { ids, secretBox, now, store } = services;
  const hash = targetHash(detail.callback);
  const intent = intentHash(mode, detail);
  const host = hostOf(detail.callback);
  try {
    await store.transaction(async ({ db, signal }) => {
      const earlier = await db
        .selectFrom("websub_request")
        .select(["id", "state"])
        .where("topic_id", "=", topic.key)
        .where("target_hash", "=", hash)
        .where("intent_hash", "=", intent)
        .executeTakeFirst();
      if (earlier?.state === "pending") return;
      await requireRoom(db, "topic_id", topic.key, MAX_PENDING_OF_TOPIC);
      await requireRoom(db, "host", host, MAX_PENDING_AT_HOST);
      if (earlier !== undefined) await db.deleteFrom("websub_request").where("id", "=", earlier.id).execute();
      const { key: id } = ids.next("key_");
      await db
        .insertInto("websub_request")
        .values({
          id,
          app_id: topic.appKey,
          topic_id: topic.key,
          target_hash: hash,
          intent_hash: intent,
          host,
          mode,
          detail_sealed: sealDetail(secretBox, { topic_id: topic.key, id }, detail),
          tries: 0,
          tried_at: null,
          failure_json: null,
          due: now(),
        })
        .execute();
      signal({ kind: "subscriptions" });
    }, "websub.request");
  } catch (error) {
    // The same request arrived at another node, which has stored it.
    if (!isUniqueViolation(error)) throw error;
  }
}

async function requireRoom(
  db: Services["store"]["db"],
  column: "topic_id" | "host",
  value: number | string,
  max: number,
): Promise<void> {
  const { pending } = await db
    .selectFrom("websub_request")
    .select((eb) => eb.fn.countAll<number>().as("pending"))
    .where(column, "=", value)
    .where("state", "=", "pending")
    .executeTakeFirstOrThrow();
  if (pending < max) return;
  throw new PosthornError("too_many_requests", "Too many requests are waiting for confirmation. Try again later.");
}
