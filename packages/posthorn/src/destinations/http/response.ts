/** Judges a response: whether it is a success, what to do if it is not, and what is kept of it. */
import { type EgressResponse, headerValue } from "@posthorn/egress";
import type { ResponseFacts } from "../../domain/attempt/detail.ts";
import type { SuccessRule } from "../../domain/policy/success-rule.ts";
import { isSecretResponseHeader } from "../../domain/secret-headers.ts";
import type { DestinationReply } from "../destination.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Bytes of a response body that are kept. */
export const MAX_RESPONSE_BYTES = 20_000;
/** Response headers that are kept. */
const MAX_HEADERS = 64;
/** Total characters of their names and values. */
const MAX_HEADER_CHARACTERS = 4096;

interface Judged {
  readonly response: string;
  readonly reply: DestinationReply;
  /** What to do about it, if neither the status nor the error code says so. */
  readonly sentence: string | null;
}

interface JudgedFailure extends Judged {
  readonly errorCode: "status" | "redirect" | "success_rule";
  readonly problem: null;
}

export type HttpVerdict =
  | (Judged & { readonly kind: "ok" })
  | (JudgedFailure & { readonly kind: "retry" | "closed" })
  | (JudgedFailure & { readonly kind: "later"; readonly afterMs: number });

const GONE = 410;

/** @param now Unix milliseconds. */
export function judge(response: EgressResponse, rule: SuccessRule, now: number): HttpVerdict {
  const { status, headers, body, truncated, bodyError } = response;
  const contentType = headerValue(headers, "content-type") ?? null;
  // A response whose body was cut off still has its status.
  const reply = { status, contentType, body, incomplete: truncated || bodyError !== undefined };
  const refusal = rule.refusal(reply);
  if (refusal === null) return { kind: "ok", response: textOf(body), reply, sentence: null };
  const byRule = !refusal.byStatus || (status >= 200 && status <= 299);
  const isRedirect = status >= 300 && status <= 399;
  const failure: JudgedFailure = {
    response: isRedirect ? redirectText(response) : textOf(body),
    reply,
    sentence: byRule ? refusal.sentence : null,
    errorCode: byRule ? "success_rule" : isRedirect ? "redirect" : "status",
    problem: null,
  };
  const afterMs = retryAfterMs(status, headers, now);
  if (afterMs !== null) return { kind: "later", afterMs, ...failure };
  return { kind: status === GONE ? "closed" : "retry", ...failure };
}

function redirectText({ body, location }: EgressResponse): string {
  if (body.byteLength > 0 || location === undefined) return textOf(body);
  return `Redirects are not followed. The URL points to ${location}: change the endpoint if that is right.`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The body as text; in base64 if it is not UTF-8. */
export function textOf(body: Uint8Array): string {
  if (body.byteLength === 0) return "";
  try {
    return utf8.decode(body);
  } catch {
    // A truncated body may end in the middle of a character.
    return decodeCut(body) ?? Buffer.from(body).toString("base64");
  }
}

function decodeCut(body: Uint8Array): string | null {
  if (body.byteLength < MAX_RESPONSE_BYTES) return null;
  for (let cut = 1; cut <= 3; cut++) {
    try {
      return utf8.decode(body.subarray(0, body.byteLength - cut));
    } catch {
      continue;
    }
  }
  return null;
}

/** The part of a response that the details of an attempt keep: secrets hidden, size limited. */
export function responseFacts({ headers, truncated, bodyError }: EgressResponse): ResponseFacts {
  const kept: (string | null)[] = [];
  let room = MAX_HEADER_CHARACTERS;
  for (let index = 0; index + 1 < headers.length && kept.length < 2 * MAX_HEADERS; index += 2) {
    const name = headers[index]!;
    const value = headers[index + 1]!;
    room -= name.length + value.length;
    if (room < 0) break;
    kept.push(name, isSecretResponseHeader(name, value) ? null : value);
  }
  return { headers: kept, headersCut: kept.length < headers.length, truncated, bodyError: bodyError?.code ?? null };
}
