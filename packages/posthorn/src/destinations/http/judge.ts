/** Whether an answer is a success, and what is written when it is not. */
import { type EgressResponse, type EgressResult, headerValue } from "@posthorn/egress";
import type { AttemptRecord } from "../../dispatch/types.ts";
import type { SuccessRule } from "../../domain/policy/success-rule.ts";
import { textOf } from "./response-text.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface Verdict extends Pick<AttemptRecord, "status" | "responseCode" | "response" | "errorCode"> {
  /** What to do about it, where neither status nor cause say so. */
  readonly sentence: string | null;
  readonly retryAfterMs: number | null;
}

/** @param now Unix milliseconds. */
export function verdictOf(result: EgressResult, rule: SuccessRule, now: number): Verdict {
  if (result.kind === "error") {
    const { message: response, code: errorCode } = result;
    return { status: 2, responseCode: 0, response, errorCode, sentence: null, retryAfterMs: null };
  }
  const { status: responseCode, body } = result;
  const refusal = rule.refusal(answerOf(result));
  if (refusal === null) {
    return { status: 0, responseCode, response: textOf(body), errorCode: null, sentence: null, retryAfterMs: null };
  }
  const byRule = !refusal.byStatus || (responseCode >= 200 && responseCode <= 299);
  const redirect = responseCode >= 300 && responseCode <= 399;
  return {
    status: 2,
    responseCode,
    response: redirect ? redirectText(result) : textOf(body),
    errorCode: byRule ? "success_rule" : redirect ? "redirect" : "status",
    sentence: byRule ? refusal.sentence : null,
    retryAfterMs: retryAfterMs(responseCode, result.headers, now),
  };
}

/** An answer whose body broke off still has its status. */
function answerOf({ status, headers, body, truncated, bodyError }: EgressResponse) {
  const contentType = headerValue(headers, "content-type") ?? null;
  return { status, contentType, body, incomplete: truncated || bodyError !== undefined };
}

function redirectText({ body, location }: EgressResponse): string {
  if (body.byteLength > 0 || location === undefined) return textOf(body);
  return `Redirects are not followed. The URL points to ${location}: change the endpoint if that is right.`;
}
