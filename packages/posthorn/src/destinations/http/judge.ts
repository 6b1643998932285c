/** Decides whether a response is a success, and what to do if it is not. */
import { type EgressResponse, headerValue } from "@posthorn/egress";
import type { SuccessRule } from "../../domain/policy/success-rule.ts";
import type { DestinationReply } from "../destination.ts";
import { textOf } from "./response-text.ts";
import { retryAfterMs } from "./retry-after.ts";

interface Judged {
  readonly response: string;
  readonly reply: DestinationReply;
  /** What to do about it, if neither the status nor the error code says so. */
  readonly sentence: string | null;
}

interface JudgedFailure extends Judged {
  readonly errorCode: "status" | "redirect" | "success_rule";
  readonly trouble: null;
}

export type HttpVerdict =
  | (Judged & { readonly kind: "ok" })
  | (JudgedFailure & { readonly kind: "retry" | "closed" })
  | (JudgedFailure & { readonly kind: "later"; readonly afterMs: number });

const GONE = 410;

/** @param now Unix milliseconds. */
export function judge(response: EgressResponse, rule: SuccessRule, now: number): HttpVerdict {
  const { status, body } = response;
  const reply = replyOf(response);
  const refusal = rule.refusal(reply);
  if (refusal === null) return { kind: "ok", response: textOf(body), reply, sentence: null };
  const byRule = !refusal.byStatus || (status >= 200 && status <= 299);
  const isRedirect = status >= 300 && status <= 399;
  const failure: JudgedFailure = {
    response: isRedirect ? redirectText(response) : textOf(body),
    reply,
    sentence: byRule ? refusal.sentence : null,
    errorCode: byRule ? "success_rule" : isRedirect ? "redirect" : "status",
    trouble: null,
  };
  const afterMs = retryAfterMs(status, response.headers, now);
  if (afterMs !== null) return { kind: "later", afterMs, ...failure };
  return { kind: status === GONE ? "closed" : "retry", ...failure };
}

/** A response whose body was cut off still has its status. */
function replyOf({ status, headers, body, truncated, bodyError }: EgressResponse) {
  const contentType = headerValue(headers, "content-type") ?? null;
  return { status, contentType, body, incomplete: truncated || bodyError !== undefined };
}

function redirectText({ body, location }: EgressResponse): string {
  if (body.byteLength > 0 || location === undefined) return textOf(body);
  return `Redirects are not followed. The URL points to ${location}: change the endpoint if that is right.`;
}
