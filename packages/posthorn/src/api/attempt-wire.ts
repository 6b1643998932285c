/** Converts the detail of an attempt to API fields. */
import type { AttemptWithDetail } from "../domain/attempt/get-detail.ts";
import type { AttemptFacts } from "../domain/attempt/detail.ts";
import { statusSentence } from "../domain/attempt/sentence.ts";
import { warningsOf } from "../domain/attempt/warnings.ts";
import { attemptFields, dateTime, dateTimeOrNull } from "./wire.ts";

export function attemptDetailOut({ attempt, facts, nextAttempt }: AttemptWithDetail): object {
  const fields = attemptFields(attempt, { withContent: true });
  if (facts === null) return { ...fields, detail: null };
  const { timings, tls } = facts;
  const { reused, waitMs, queueMs, dnsMs, connectMs, tlsMs, bodyMs, totalMs } = timings;
  const { change, unsent, reference, duplicate, batch } = facts.extra ?? {};
  const detail = {
    reference: reference ?? null,
    duplicate: duplicate === true,
    batch: batch ?? null,
    change: change ?? null,
    sentence: sentenceOf(attempt, facts),
    warnings: warningsOf(attempt, facts),
    nextAttempt: dateTimeOrNull(nextAttempt),
    retryAfterMs: facts.retryAfterMs,
    request: unsent === true ? null : requestOut(attempt, facts),
    response: facts.response === null ? null : { ...facts.response, headers: pairs(facts.response.headers) },
    timings: { queueMs, dnsMs, connectMs, tlsMs, firstByteMs: waitMs, bodyMs, totalMs },
    connection: {
      peer: facts.peer,
      reused,
      tlsProtocol: tls?.protocol ?? null,
      certificateValidTo: tls === null ? null : dateTime(tls.certificateValidTo),
    },
  };
  return { ...fields, detail };
}

function sentenceOf(
  { status, responseCode, response }: AttemptWithDetail["attempt"],
  facts: AttemptFacts,
): string | null {
  if (facts.sentence !== null) return facts.sentence;
  if (status === 0) return null;
  return responseCode === 0
    ? response
    : statusSentence(responseCode, valueOf(facts.response?.headers ?? [], "location"));
}

function valueOf(flat: readonly (string | null)[], name: string): string | null {
  return pairs(flat).find((header) => header.name.toLowerCase() === name)?.value ?? null;
}

/** The request with its headers in the order sent. Headers that the connection adds are derived from the rest. */
function requestOut({ url, messageId }: AttemptWithDetail["attempt"], facts: AttemptFacts): object {
  const { contentType, userAgent, families, timestamp, signature } = facts.standard;
  const standard = families.flatMap((family) => [
    `${family}-id`,
    messageId,
    `${family}-timestamp`,
    String(timestamp),
    `${family}-signature`,
    signature,
  ]);
  // The target of a kind other than a webhook may have no host.
  const host = URL.parse(url)?.host ?? "";
  const headers = pairs([
    ...(host === "" ? [] : ["host", host]),
    "content-length",
    String(facts.bodyBytes),
    // A forwarded request has its own values among the other headers.
    ...(contentType === "" ? [] : ["content-type", contentType]),
    ...(userAgent === "" ? [] : ["user-agent", userAgent]),
    ...standard,
    ...facts.headers,
    ...(names(facts.headers).includes("accept-encoding") ? [] : ["accept-encoding", "identity"]),
  ]);
  return { method: facts.method, url, headers, bodyBytes: facts.bodyBytes };
}

function names(flat: readonly (string | null)[]): readonly string[] {
  return flat.filter((_, index) => index % 2 === 0).map((name) => String(name).toLowerCase());
}

export function pairs(
  flat: readonly (string | null)[],
): readonly { readonly name: string; readonly value: string | null }[] {
  return flat.flatMap((name, index) =>
    index % 2 === 0 ? [{ name: String(name), value: flat[index + 1] ?? null }] : [],
  );
}
