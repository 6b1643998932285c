import { decodeUtf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { StandardSecret } from "../standard/secret.ts";
import { createVerifier, type StandardVerified, type StandardVerifyOptions } from "../standard/verify.ts";
import { errorReply, failureReply } from "./reply.ts";
import type { SourceEvent, SourceResult, WebhookSource } from "./source.ts";

/** Options of {@link standardWebhooks}. */
export interface StandardSourceOptions extends StandardVerifyOptions {
  /** Separates the deliveries of several sources in one store. Defaults to `standard`. */
  readonly name?: string;
}

/**
 * Source of Standard Webhooks. The event type is the payload's `type` and the time of the event its `timestamp`, as
 * the specification recommends. An event whose body is not a JSON object has the type `""`.
 *
 * @param secrets One secret, or several during a rotation.
 * @param options Tolerance, clock, header names, and the name of the source.
 * @returns A source for {@link createReceiver}.
 * @throws {WebhookError} `secret_invalid` for a secret that cannot verify.
 * @see Standard Webhooks, "Payload structure":
 *   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @example
 *
 * ```ts
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const receiver = createReceiver({
 *   source: standardWebhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
 *   handle: () => undefined,
 * });
 * const body = new TextEncoder().encode("{}");
 * const reply = await receiver.receive({ method: "POST", url: "https://receiver.example/", headers: {}, body });
 * console.log(reply.status, JSON.parse(reply.body).error.code); // 400 missing_header
 * ```
 */
export function standardWebhooks(
  secrets: StandardSecret | readonly StandardSecret[],
  options: StandardSourceOptions = {},
): WebhookSource {
  const verifier = createVerifier(secrets, options);
  const name = options.name ?? "standard";
  return {
    name,
    async receive(request): Promise<SourceResult> {
      if (request.method !== "POST") {
        const error = new WebhookError("body_invalid", "Webhooks must be sent with POST.");
        return { kind: "rejected", error, reply: failureReply(405, "method_not_allowed", { allow: "POST" }) };
      }
      const result = await verifier.tryVerify(request);
      if (!result.ok) return { kind: "rejected", error: result.error, reply: errorReply(result.error) };
      return {
        kind: "event",
        verified: result,
        event: read(request.body, result),
        deduplicationKey: `${name}:${result.id}`,
        idUnsigned: false,
        reply: { status: 200, headers: {}, body: "" },
      };
    },
  };
}

function read(body: Uint8Array, { id }: StandardVerified): SourceEvent {
  const payload = parse(body);
  const fields: Readonly<Record<string, unknown>> =
    typeof payload === "object" && payload !== null ? { ...payload } : {};
  const { type, timestamp } = fields;
  const time = typeof timestamp === "string" ? new Date(timestamp) : undefined;
  return {
    id,
    type: typeof type === "string" ? type : "",
    occurredAt: time === undefined || Number.isNaN(time.getTime()) ? undefined : time,
    payload,
  };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(body) ?? "") as unknown;
  } catch {
    return undefined;
  }
}
