import { traceHeaders } from "../../lib/trace-context.ts";
import { isSecretHeader } from "../../domain/secret-headers.ts";
import type { OutgoingMessage } from "../destination.ts";
import { type HeaderFamily, standardHeaders } from "../http/request.ts";
import type { KindMessage } from "../kind.ts";

/**
 * Converts a message to the form that kinds other than webhooks send, with the signature of the endpoint and its headers as attributes.
 *
 * @param now Unix milliseconds.
 */
export function kindMessage(
  message: OutgoingMessage,
  families: readonly HeaderFamily[],
  now: number,
  cursor?: string,
): KindMessage {
  const { messageId, endpoint, contentType, body, changed, facts, trace } = message;
  const standard = standardHeaders(endpoint, { messageId, now, contentType, body, families });
  const attributes = standard.families.flatMap((family): (readonly [string, string])[] => [
    [`${family}-id`, messageId],
    [`${family}-timestamp`, String(standard.timestamp)],
    [`${family}-signature`, standard.signature],
  ]);
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

/** Values of the headers among the attributes that are secret. ID, time and signature of a message are not. */
export function secretAttributes({ endpoint, changed }: OutgoingMessage): readonly string[] {
  const headers = changed?.headers ?? endpoint.headers;
  return headers.filter((value, index) => index % 2 === 1 && isSecretHeader(headers[index - 1]!, value));
}
