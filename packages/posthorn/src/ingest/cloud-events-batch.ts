/** Splits a batch of CloudEvents (JSON batch format, HTTP protocol binding 3.3) into its events, byte for byte. */
import type { WebhookRequest } from "@posthorn/webhooks";
import type { ProviderDefinition } from "@posthorn/webhooks/provider";
import { findItems } from "../lib/json-range.ts";
import { hasMoreValuesThan } from "../lib/value-count.ts";
import { type EventFacts, eventFacts } from "./verifier.ts";

export interface BatchedEvent {
  readonly facts: EventFacts;
  readonly body: Uint8Array;
}

export type SplitBatch =
  | { readonly kind: "events"; readonly events: readonly BatchedEvent[] }
  /** Why the batch cannot be read. No part of it may be stored, because the sender would repeat all of it. */
  | { readonly kind: "invalid"; readonly message: string };

const PROVIDER = "cloudevents-webhook";
const BATCH_TYPE = /^\s*application\/cloudevents-batch\+json\s*(?:;|$)/i;
/** Content type of each event on its own. */
export const STRUCTURED_TYPE = "application/cloudevents+json";
const MAX_EVENTS = 1000;
const MAX_VALUES = 300_000;

/** `null`: the request is not a batch. */
export function splitBatch(
  definition: ProviderDefinition,
  { contentType, body }: { readonly contentType: string; readonly body: Uint8Array },
): SplitBatch | null {
  if (definition.id !== PROVIDER || !BATCH_TYPE.test(contentType)) return null;
  const json = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const parsed = parse(json.toString("utf8"));
  if (!Array.isArray(parsed)) return invalid("The body is not a JSON list of CloudEvents.");
  if (parsed.length > MAX_EVENTS) return invalid(`A batch can have up to ${MAX_EVENTS} events.`);
  const wrong = parsed.findIndex((event: unknown) => !isCloudEvent(event));
  if (wrong !== -1) {
    return invalid(`Item ${wrong} is not a CloudEvent: it needs specversion, id, source and type as strings.`);
  }
  const events = findItems(json).map((item) => ({ body: item, facts: factsOf(definition, item) }));
  return { kind: "events", events };
}

function parse(text: string): unknown {
  if (hasMoreValuesThan(text, MAX_VALUES)) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function isCloudEvent(event: unknown): boolean {
  if (typeof event !== "object" || event === null) return false;
  const attributes = event as Readonly<Record<string, unknown>>;
  return ["specversion", "id", "source", "type"].every((name) => {
    const value = attributes[name];
    return typeof value === "string" && value !== "";
  });
}

function factsOf(definition: ProviderDefinition, body: Buffer): EventFacts {
  const request: WebhookRequest = { method: "POST", url: "/", headers: { "content-type": STRUCTURED_TYPE }, body };
  return eventFacts(definition, request);
}

function invalid(message: string): SplitBatch {
  return { kind: "invalid", message };
}
