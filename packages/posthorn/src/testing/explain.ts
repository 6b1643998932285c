/** Says why a webhook did not arrive. */
import { inspect } from "node:util";
import { messageMatching } from "../api/message/matching.ts";
import { listDeliveries } from "../api/message/list-deliveries.ts";
import type { Caller } from "../embed/call.ts";
import { APPLICATION_KIND } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { Hook } from "./hook.ts";
import type { ReceivedWebhook } from "./webhook.ts";

/** Number of messages, newest first, whose deliveries are described. */
const MAX_MESSAGES = 3;
/** Number of requests, newest last, that are listed. */
const MAX_REQUESTS = 8;

interface Matching {
  readonly matched: number;
  readonly reasons: readonly { readonly endpointId: string; readonly message: string }[];
}

interface Delivery {
  readonly endpointId: string;
  readonly url: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastAttempt: { readonly responseStatusCode: number; readonly errorCode: string | null } | null;
  readonly heldReason: string | null;
  readonly nextAttempt: string | null;
}

export interface Explained {
  readonly on: Caller;
  readonly store: Store;
}

/** Several lines: what the hook received, and what happened to the messages that it might have received. */
export async function explainMissing({ on, store }: Explained, hook: Hook, type: string | null): Promise<string> {
  const sought = type === null ? "another webhook" : `a webhook "${type}"`;
  const lines = [`The hook ${hook.url} did not accept ${sought}. It received ${requestsText(hook.webhooks)}.`];
  for (const { error } of hook.webhooks.slice(-MAX_REQUESTS))
    if (error !== null) lines.push(`Its handler threw: ${inspect(error)}`);
  const published = await publishedOf(store, type);
  if (published.length === 0) {
    lines.push(type === null ? "No message was published." : `No message of the type "${type}" was published.`);
  }
  for (const { id, app, eventType } of published) {
    const matching: Matching = await on(messageMatching)({ path: [app, id] });
    lines.push(`Message ${id} (${eventType}) matched ${counted(matching.matched, "endpoint")}.`);
    for (const { endpointId, message } of matching.reasons) lines.push(`  ${endpointId} did not match: ${message}`);
    const { data }: { readonly data: readonly Delivery[] } = await on(listDeliveries)({ path: [app, id] });
    lines.push(...data.map((delivery) => `  ${deliveryText(delivery)}`));
  }
  return lines.join("\n");
}

interface Published {
  readonly id: string;
  readonly app: string;
  readonly eventType: string;
}

function publishedOf({ db }: Store, type: string | null): Promise<readonly Published[]> {
  const query = db
    .selectFrom("message")
    .innerJoin("application", "application.id", "message.app_id")
    .select(["message.public_id as id", "application.public_id as app", "message.event_type as eventType"])
    .where("application.kind", "=", APPLICATION_KIND.customer)
    .orderBy("message.id", "desc")
    .limit(MAX_MESSAGES);
  return (type === null ? query : query.where("message.event_type", "=", type)).execute();
}

function requestsText(webhooks: readonly ReceivedWebhook[]): string {
  if (webhooks.length === 0) return "no requests";
  const hidden = Math.max(0, webhooks.length - MAX_REQUESTS);
  const last = webhooks.slice(hidden).map(requestText).join(", ");
  return hidden === 0 ? last : `${counted(hidden, "other request")}, then ${last}`;
}

function requestText({ type, attempt, outcome }: ReceivedWebhook): string {
  return `${type ?? "a request without an event type"} (attempt ${attempt}: ${outcome})`;
}

function deliveryText({ endpointId, url, state, attempts, lastAttempt, heldReason, nextAttempt }: Delivery): string {
  const last = lastAttempt === null ? "" : `, the last: ${lastAttempt.responseStatusCode || lastAttempt.errorCode}`;
  const reason = heldReason === null ? "" : ` (${heldReason})`;
  const next = nextAttempt === null ? "" : `, next attempt at ${nextAttempt}`;
  return `${endpointId} at ${url}: ${state}${reason} after ${counted(attempts, "attempt")}${last}${next}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
