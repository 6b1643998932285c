import { randomBytes } from "node:crypto";
import type { Egress } from "./egress.ts";
import { headerValue } from "./exchange.ts";
import type { EgressRequest, EgressResult } from "./types.ts";

/** The endpoint to verify, and how to call it. */
export interface OwnershipRequest extends Pick<
  EgressRequest,
  "url" | "timeoutMs" | "allow" | "signal" | "tls" | "proxy"
> {
  /** Additional headers as a flat list: an `Authorization` that the endpoint requires, a `User-Agent`. */
  readonly headers?: readonly string[];
}

/** Why an endpoint did not confirm that it wants the deliveries. */
export type OwnershipFailureCode =
  /** There was no response: see `result`. */
  | "unreachable"
  /** The status of the response is not 2xx. */
  | "refused"
  /** The response allows another origin, or none. */
  | "origin_not_allowed"
  /** The response does not contain the challenge. */
  | "challenge_mismatch";

/** Result of an endpoint verification. */
export type OwnershipResult =
  | {
      readonly verified: true;
      /** Deliveries per minute that the endpoint allows; `null` for no limit. */
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
  /** DNS name of the sender, such as `hooks.example.com`. */
  readonly origin: string;
  /** Requested number of deliveries per minute. */
  readonly ratePerMinute?: number;
  /** URL at which the owner of the endpoint may grant permission later, manually. */
  readonly callback?: string;
}

const MESSAGES: Readonly<Record<OwnershipFailureCode, string>> = {
  unreachable: "The endpoint could not be reached for verification.",
  refused: "The endpoint rejected the verification request. It must respond with a 2xx status.",
  origin_not_allowed: "The endpoint did not allow this sender. Its response must contain WebHook-Allowed-Origin.",
  challenge_mismatch: "The endpoint did not return the challenge. Its response body must contain it.",
};

const MAX_RESPONSE_BYTES = 4096;

/**
 * Asks an endpoint for its consent to deliveries, as specified by CloudEvents: `OPTIONS` with
 * `WebHook-Request-Origin`, to which the endpoint responds with `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate`.
 * Never rejects.
 *
 * After a grant, the sender must send `Origin` with the same name with each delivery; that is up to the caller.
 *
 * @param egress Client that sends the request.
 * @param request The endpoint, the sender's name and the requested rate.
 * @returns Whether the endpoint consented, and at which rate.
 * @see CloudEvents "HTTP 1.1 Web Hooks for Event Delivery" section 4:
 *   https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 *
 * @example
 *
 * ```ts
 * import { Egress, parseAllowList, verifyCloudEvents } from "@posthorn/egress";
 * import { startLab } from "@posthorn/egress/lab";
 *
 * await using lab = await startLab();
 * await using egress = new Egress({ allow: parseAllowList("loopback") });
 * const url = `${lab.url}/cloudevents?rate=120`;
 * const outcome = await verifyCloudEvents(egress, { url, origin: "hooks.example.com", timeoutMs: 15_000 });
 * console.log(outcome.verified && outcome.ratePerMinute); // 120
 * ```
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
  // The header is the consent, regardless of the status: many servers respond to any OPTIONS with 200.
  const allowed = headerValue(result.headers, "webhook-allowed-origin")?.trim();
  if (allowed === undefined && (result.status < 200 || result.status > 299)) return failure("refused", result);
  if (allowed !== "*" && allowed?.toLowerCase() !== origin.toLowerCase()) return failure("origin_not_allowed", result);
  return { verified: true, ratePerMinute: readRate(headerValue(result.headers, "webhook-allowed-rate")), result };
}

/** A positive integer; `null` (no limit) for `*` and for anything unreadable. */
function readRate(text: string | undefined): number | null {
  return text !== undefined && /^\s*[1-9]\d{0,8}\s*$/.test(text) ? Number(text) : null;
}

/** Options of {@link verifyChallenge}. */
export interface ChallengeRequest extends OwnershipRequest {
  /** Challenge to send, for tests. Defaults to 32 random bytes in Base64url. */
  readonly challenge?: string;
}

/**
 * Verifies an endpoint by posting `{"type":"webhook.challenge","challenge":"…"}`. The endpoint must respond with a
 * 2xx and the challenge, as the whole body or as the member `challenge` of a JSON object. Never rejects.
 *
 * @param egress Client that sends the request.
 * @param request The endpoint.
 * @returns Whether the endpoint returned the challenge.
 *
 * @example
 *
 * ```ts
 * import { Egress, parseAllowList, verifyChallenge } from "@posthorn/egress";
 * import { startLab } from "@posthorn/egress/lab";
 *
 * await using lab = await startLab();
 * await using egress = new Egress({ allow: parseAllowList("loopback") });
 * const good = await verifyChallenge(egress, { url: `${lab.url}/challenge`, timeoutMs: 15_000 });
 * const bad = await verifyChallenge(egress, { url: `${lab.url}/ok`, timeoutMs: 15_000 });
 * console.log(good.verified, bad.verified ? "" : bad.code); // true challenge_mismatch
 * ```
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
    maxResponseBytes: MAX_RESPONSE_BYTES,
    ...(allow === undefined ? {} : { allow }),
    ...(signal === undefined ? {} : { signal }),
    ...(tls === undefined ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy }),
  });
}

function failure(code: OwnershipFailureCode, result: EgressResult): OwnershipResult {
  return { verified: false, code, message: MESSAGES[code], result };
}
