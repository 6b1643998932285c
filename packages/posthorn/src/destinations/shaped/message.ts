import type { StandardFacts } from "../../domain/attempt/detail.ts";
import { traceHeaders } from "../../lib/trace-context.ts";
import { isSecretHeader } from "../../domain/secret-headers.ts";
import type { OutgoingMessage } from "../destination.ts";
import { type HeaderFamily, standardHeaders } from "../http/request.ts";
import type { KindMessage } from "../kind.ts";

/**
 * Signs a message with the secret of its endpoint. The result has neither content type nor user agent, because kinds other than webhooks send
 * them in their own way.
 *
 * @param now Unix milliseconds.
 */
export function signatureOf(
  { messageId, endpoint, body }: OutgoingMessage,
  families: readonly HeaderFamily[],
  now: number,
): StandardFacts {
  return standardHeaders(endpoint, { messageId, now, contentType: "", userAgent: "", body, families });
}

/**
 * Converts a message to the form that kinds other than webhooks send, with its signature and the headers of the endpoint as attributes.
 *
 * @param now Unix milliseconds.
 */
export function kindMessage(
  message: OutgoingMessage,
  { families, timestamp, signature }: StandardFacts,
  now: number,
  cursor?: string,
): KindMessage {
  const { messageId, endpoint, contentType, body, changed, facts, trace } = message;
  const attributes: (readonly [string, string])[] = [];
  const seconds = String(timestamp);
  for (const family of families) {
    const names = namesOf(family);
    attributes.push([names.id, messageId], [names.timestamp, seconds], [names.signature, signature]);
  }
  if (trace !== undefined) {
    const [, parent = "", , state] = traceHeaders(trace);
    attributes.push(["traceparent", parent], ...(state === undefined ? [] : [["tracestate", state] as const]));
  }
  const headers = changed?.headers ?? endpoint.headers;
  for (let index = 0; index + 1 < headers.length; index += 2) attributes.push([headers[index]!, headers[index + 1]!]);
  return {
    id: messageId,
    eventType: facts?.eventType ?? "",
    eventId: facts?.eventId ?? null,
    orderingKey: facts?.orderingKey ?? null,
    channels: facts?.channels ?? [],
    createdAt: facts?.createdAt ?? now,
    contentType,
    body,
    attributes,
    isTest: facts?.isTest ?? false,
    ...(cursor === undefined ? {} : { cursor }),
  };
}

interface SignatureNames {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

/** The same texts for each message: those that are put together again are compared character by character. */
const signatureNames = new Map<string, SignatureNames>();

function namesOf(family: string): SignatureNames {
  let names = signatureNames.get(family);
  if (names === undefined) {
    names = { id: `${family}-id`, timestamp: `${family}-timestamp`, signature: `${family}-signature` };
    signatureNames.set(family, names);
  }
  return names;
}

/** Values of the headers among the attributes that are secret. ID, time and signature of a message are not. */
export function secretAttributes({ endpoint, changed }: OutgoingMessage): readonly string[] {
  const headers = changed?.headers ?? endpoint.headers;
  return headers.filter((value, index) => index % 2 === 1 && isSecretHeader(headers[index - 1]!, value));
}
