/** Why a request at the hub was not confirmed, in words for the publisher of the topic. */
import { timingSafeEqual } from "node:crypto";
import type { SubscriberResponse } from "../ports.ts";

export type VerificationFailureCode =
  | "address_refused"
  | "unreachable"
  | "temporary_error"
  | "not_confirmed"
  | "redirected"
  | "wrong_challenge"
  | "topic_full"
  | "topic_disabled";

export interface VerificationFailure {
  readonly code: VerificationFailureCode;
  readonly message: string;
  readonly hint: string;
}

/** Prefix of the codes of addresses that are not allowed. */
const BLOCKED = "blocked_";

/** Failures after which the callback is called again: they say nothing about the request. */
const PASSING: ReadonlySet<VerificationFailureCode> = new Set(["unreachable", "temporary_error"]);

export function isPassing({ code }: VerificationFailure): boolean {
  return PASSING.has(code);
}

/** `null`: a 2xx response whose body is the challenge and nothing else. */
export function failureOf(response: SubscriberResponse, challenge: string): VerificationFailure | null {
  if (response.kind === "error") return withoutResponse(response);
  const { status } = response;
  if (status >= 200 && status <= 299) return confirms(response, challenge) ? null : WRONG_CHALLENGE;
  const message = `The callback responded with HTTP ${status}.`;
  if (status >= 500 || status === 429 || status === 408) {
    return { code: "temporary_error", message, hint: "Check the server behind the callback, then subscribe again." };
  }
  if (status >= 300 && status <= 399) {
    return {
      code: "redirected",
      message,
      hint: "This hub does not follow redirects of callbacks. Subscribe with the final URL.",
    };
  }
  return {
    code: "not_confirmed",
    message,
    hint: "The subscriber did not intend this request, or its callback does not handle hub.mode. Check its URL and query.",
  };
}

function withoutResponse({ code, message }: SubscriberResponse & { readonly kind: "error" }): VerificationFailure {
  if (code.startsWith(BLOCKED)) {
    return {
      code: "address_refused",
      message: `This hub does not call this address (${message}).`,
      hint: "Use a callback at a public address, or ask the operator to allow this one.",
    };
  }
  return {
    code: "unreachable",
    message: `The callback could not be reached (${message}).`,
    hint: "Check that the host name resolves and that the server accepts connections from this hub, then subscribe again.",
  };
}

const WRONG_CHALLENGE: VerificationFailure = {
  code: "wrong_challenge",
  message: "The callback responded with a success status, but its body is not the challenge.",
  hint: "The callback must return the value of hub.challenge as its whole body, without quotes or line breaks.",
};

function confirms(response: SubscriberResponse & { readonly kind: "response" }, challenge: string): boolean {
  if (response.truncated) return false;
  const expected = Buffer.from(challenge);
  return response.body.byteLength === expected.byteLength && timingSafeEqual(response.body, expected);
}

/** The subscriber confirmed, and the topic accepts no further subscription. The message is also what the subscriber receives. */
export const TOPIC_FULL: VerificationFailure = {
  code: "topic_full",
  message: "The topic has reached the number of subscriptions that its publisher allows.",
  hint: "Raise maxSubscriptions of the topic, or delete subscriptions.",
};

export const TOPIC_DISABLED: VerificationFailure = {
  code: "topic_disabled",
  message: "The topic accepts no subscriptions.",
  hint: "Enable the topic. The subscriber then has to subscribe again.",
};
