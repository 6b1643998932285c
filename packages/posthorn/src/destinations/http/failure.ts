/** Classifies attempts that got no response. */
import type { EgressFailure } from "@posthorn/egress";
import type { SentFacts } from "../../domain/attempt/detail.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import type { SendResult } from "../destination.ts";

/** Temporary faults on Posthorn's side, which affect every delivery alike. Any other fault would recur with the same request. */
const PASSING_FAULTS: ReadonlySet<string> = new Set([
  "dns_failed",
  "proxy_failed",
  "no_sockets",
  "stalled",
  "shutdown",
]);
/** A request that was sent, or not, as the details of its attempt show it. */
export interface SentRequest {
  readonly endpoint: DirectoryEndpoint;
  readonly url: string;
  readonly shownUrl: string;
  readonly facts: Pick<SentFacts, "method" | "standard" | "headers" | "bodyBytes">;
}

/** Result of an attempt that got no response. */
export function failureOf(
  result: EgressFailure,
  { endpoint, url, shownUrl: target, facts: sent }: SentRequest,
): SendResult {
  const { code: errorCode, message: response, detail, fault, timings, peer } = result;
  if (fault === "canceled") return { kind: "own_fault", problem: null };
  const problem = fault === "target" ? null : { code: errorCode, detail, origin: new URL(url).origin };
  // A customer's own proxy affects only that customer, and may fail forever.
  const isOwnProxy = errorCode === "proxy_failed" && endpoint.proxyOf !== null;
  if (problem !== null && PASSING_FAULTS.has(errorCode) && !isOwnProxy) return { kind: "own_fault", problem };
  const facts = { ...sent, timings, peer, tls: null, response: null, sentence: null, retryAfterMs: null };
  const failure = { responseCode: 0, response, errorCode, problem, reply: null } as const;
  const kind = fault === "refused" ? "closed" : "retry";
  return { kind, target, durationMs: Math.round(timings.totalMs), ...failure, facts };
}
