/** Requests to the callback of an MCP client: events, and the control bodies of its subscription (SEP-3415). */
import { createSigner } from "@posthorn/webhooks";
import { boundedCache } from "../../lib/bounded-cache.ts";

/** A callback, and what its requests are signed with. */
export interface McpCallback {
  readonly callback: string;
  /** ID of the subscription, by which the receiver selects the secret. */
  readonly subscription: string;
  readonly secret: string;
  /** Secret before the last renewal, which is also used to sign until the next one; `null` if it is the same. */
  readonly previousSecret: string | null;
}

type Signer = ReturnType<typeof createSigner>;

const signers = boundedCache<string, Signer>(1000);

function signerOf({ secret, previousSecret }: McpCallback): Signer {
  const name = `${secret} ${previousSecret ?? ""}`;
  let signer = signers.get(name);
  if (signer === undefined) {
    signer = createSigner(previousSecret === null ? [secret] : [secret, previousSecret]);
    signers.set(name, signer);
  }
  return signer;
}

/**
 * Headers of a request, which is signed by Standard Webhooks.
 *
 * @param now Unix milliseconds.
 */
export function mcpHeaders(callback: McpCallback, id: string, body: Uint8Array, now: number): readonly string[] {
  const timestamp = Math.floor(now / 1000);
  return [
    "content-type",
    "application/json",
    "webhook-id",
    id,
    "webhook-timestamp",
    String(timestamp),
    "webhook-signature",
    signerOf(callback).signSync(id, timestamp, body),
    "x-mcp-subscription-id",
    callback.subscription,
  ];
}

export interface McpEvent {
  readonly id: string;
  /** Name of the event: an event type, or the ID of a source, whose events have their own types. */
  readonly name: string;
  readonly eventType: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly cursor: string | null;
}

/** The body of an event. JSON is passed on as it was published, so that numbers keep their digits. */
export function mcpEventBody({ id, name, eventType, at, contentType, body, cursor }: McpEvent): Uint8Array {
  const data = dataText(contentType, body);
  const isSourceEvent = name.startsWith("src_");
  const shown = isSourceEvent ? `{"eventType":${JSON.stringify(eventType)},"payload":${data}}` : data;
  const timestamp = new Date(at).toISOString();
  const fields = JSON.stringify({ eventId: id, name, timestamp }).slice(0, -1);
  return Buffer.from(`${fields},"data":${shown},"cursor":${JSON.stringify(cursor)}}`);
}

function dataText(contentType: string, body: Uint8Array): string {
  const text = utf8(body);
  if (text !== null && /\bjson\b/i.test(contentType) && isJson(text)) return text;
  const raw =
    text === null
      ? { rawPayload: Buffer.from(body).toString("base64"), rawPayloadEncoding: "base64" }
      : { rawPayload: text, rawPayloadEncoding: "utf8" };
  return JSON.stringify(raw);
}

function utf8(body: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
