import type { Static } from "typebox";
import type { SendExample } from "../../domain/message/send-example.ts";
import { findMembers } from "../../lib/json-range.ts";
import type { EventExampleIn } from "../models/endpoint.ts";

/** The example that a request asks for, with the bytes of its payload. */
export function exampleInput(
  { eventType, exampleIndex, payload }: Static<typeof EventExampleIn>,
  rawBody: Buffer,
): Pick<SendExample, "eventType" | "exampleIndex" | "payload"> {
  const isGiven = payload !== undefined && payload !== null;
  return {
    eventType,
    exampleIndex: exampleIndex ?? 0,
    payload: isGiven ? findMembers(rawBody, ["payload"]).payload! : null,
  };
}
