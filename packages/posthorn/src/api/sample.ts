/** Reads the sample message of a test request. */
import type { Static } from "typebox";
import type { Sample } from "../domain/message/sample.ts";
import { invalid } from "../lib/errors.ts";
import { contentOf } from "./message/create.ts";
import type { EndpointFilterExplainIn } from "./models/filter.ts";

/** Event type of a sample message without one. */
const NO_TYPE = "example";

export function sampleOf(body: Omit<Static<typeof EndpointFilterExplainIn>, "filter">, rawBody: Buffer): Sample {
  if (body.message !== undefined) return { kind: "stored", message: body.message };
  const { eventType = NO_TYPE, eventId = null, channels = null, tags = null } = body;
  const { payload, data, transformationsParams } = body;
  if (payload === undefined && data === undefined && transformationsParams?.rawPayload === undefined) {
    throw invalid(["body", "message"], "Set the id of a message, or a payload.");
  }
  return { kind: "given", eventType, eventId, channels, tags, ...contentOf({ ...body, eventType }, rawBody) };
}
