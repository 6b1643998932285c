import { randomBytes } from "node:crypto";
import type { Egress } from "./egress.ts";
import { headerValue } from "./exchange.ts";
import type { EgressRequest, EgressResult } from "./types.ts";

/** What both checks need to know. */
export interface OwnershipRequest extends Pick<
  EgressRequest,
  "url" | "timeoutMs" | "allow" | "signal" | "tls" | "proxy"
> {
  /** Headers to send along, flat: an `Authorization` the endpoint wants, a `User-Agent`. */
  readonly headers?: readonly string[];
}

/** Why an endpoint did not prove that it wants our traffic. */
export type OwnershipFailureCode =
  /** No answer: see `result`. */
  | "unreachable"
  /** An answer other than 2xx. */
  | "refused"
  /** The answer allows another origin, or none. */
  | "origin_not_allowed"
  /** The answer does not echo the challenge. */
  | "challenge_mismatch";

/** The outcome of an ownership check. */
export type OwnershipResult =
  | {
      readonly verified: true;
      /** Deliveries a minute the endpoint grants; `null`: it sets no limit. */
      readonly ratePerMinute: number | null;
      readonly result: EgressResult;
    }
  | {
      readonly verified: false;
      readonly code: OwnershipFailureCode;
      readonly message: string;
      readonly result: EgressResult;
    };

/** Options of {@link verifyCloudEvents}. */
export interface CloudEventsRequest extends OwnershipRequest {
  /** DNS name of this sender, such as `hooks.example.com`. */
  readonly origin: string;
  /** Deliveries a minute we would like to send. */
  readonly ratePerMinute?: number;
  /** URL at which the endpoint may grant later, by hand. */
  readonly callback?: string;
}

const MESSAGES: Readonly<Record<OwnershipFailureCode, string>> = {
  unreachable: "The endpoint could not be asked whether it wants these deliveries.",
  refused: "The endpoint refused the question whether it wants these deliveries. It must answer it with a 2xx.",
  origin_not_allowed: "The endpoint did not allow this sender. It must answer with WebHook-Allowed-Origin.",
  challenge_mismatch: "The endpoint did not send the challenge back. It must answer with it as the body.",
};

const MAX_ANSWER_BYTES = 4096;

/**
 * Asks an endpoint for its consent as CloudEvents "HTTP 1.1 Web Hooks for Event Delivery" section 4 has it: `OPTIONS`
 * with `WebHook-Request-Origin`, answered by `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate`. Never rejects.
 *
 * After a grant the sender must put `Origin` with the same name on each delivery: that is the caller's business.
 */
export async function verifyCloudEvents(
  egress: Pick<Egress, "send">,
  request: CloudEventsRequest,
): Promise<OwnershipResult> {
  const { origin, ratePerMinute, callback } = request;
  const asked = ["WebHook-Request-Origin", origin];
  if (ratePerMinute !== undefined) asked.push("WebHook-Request-Rate", String(Math.max(1, Math.floor(ratePerMinute))));
  if (callback !== undefined) asked.push("WebHook-Request-Callback", callback);
  const result = await ask(egress, request, "OPTIONS", asked, null);
  if (result.kind === "error") return failure("unreachable", result);
  // The header is the consent, whatever the status: many servers answer any OPTIONS with 200.
  const allowed = headerValue(result.headers, "webhook-allowed-origin")?.trim();
  if (allowed === undefined && (result.status < 200 || result.status > 299)) return failure("refused", result);
  if (allowed !== "*" && allowed?.toLowerCase() !== origin.toLowerCase()) return failure("origin_not_allowed", result);
  return { verified: true, ratePerMinute: readRate(headerValue(result.headers, "webhook-allowed-rate")), result };
}

/** A positive whole number; `*`, and what nobody can read, is no limit. */
function readRate(text: string | undefined): number | null {
  return text !== undefined && /^\s*[1-9]\d{0,8}\s*$/.test(text) ? Number(text) : null;
}

/** Options of {@link verifyChallenge}. */
export interface ChallengeRequest extends OwnershipRequest {
  /** For tests: the challenge. Default 32 random bytes in base64url. */
  readonly challenge?: string;
}

/**
 * Posts `{"type":"webhook.challenge","challenge":"…"}`, which the endpoint must answer with a 2xx and the challenge:
 * as the whole body, or as the member `challenge` of a JSON object. Never rejects.
 */
export async function verifyChallenge(
  egress: Pick<Egress, "send">,
  request: ChallengeRequest,
): Promise<OwnershipResult> {
  const challenge = request.challenge ?? randomBytes(32).toString("base64url");
  const body = Buffer.from(JSON.stringify({ type: "webhook.challenge", challenge }));
  const result = await ask(egress, request, "POST", ["content-type", "application/json"], body);
  if (result.kind === "error") return failure("unreachable", result);
  if (result.status < 200 || result.status > 299) return failure("refused", result);
  if (!echoes(Buffer.from(result.body).toString().trim(), challenge)) return failure("challenge_mismatch", result);
  return { verified: true, ratePerMinute: null, result };
}

function echoes(text: string, challenge: string): boolean {
  if (text === challenge) return true;
  try {
    const parsed: unknown = JSON.parse(text);
    return (
      parsed === challenge ||
      (typeof parsed === "object" && parsed !== null && "challenge" in parsed && parsed.challenge === challenge)
    );
  } catch {
    return false;
  }
}

function ask(
  egress: Pick<Egress, "send">,
  request: OwnershipRequest,
  method: string,
  headers: string[],
  body: Uint8Array | null,
) {
  const { url, timeoutMs, allow, signal, tls, proxy } = request;
  return egress.send({
    method,
    url,
    headers: [...headers, ...(request.headers ?? [])],
    body,
    timeoutMs,
    maxResponseBytes: MAX_ANSWER_BYTES,
    ...(allow === undefined ? {} : { allow }),
    ...(signal === undefined ? {} : { signal }),
    ...(tls === undefined ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy }),
  });
}

function failure(code: OwnershipFailureCode, result: EgressResult): OwnershipResult {
  return { verified: false, code, message: MESSAGES[code], result };
}
