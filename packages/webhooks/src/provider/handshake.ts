import { WebhookError } from "../errors.ts";
import { readHeaders, type WebhookRequest } from "../request.ts";
import { cleanHeader } from "./handshakes.ts";
import { openInbound } from "./inbound.ts";
import type { HandshakeAnswer, HandshakeContext, ProviderDefinition, WebhookAnswer } from "./types.ts";
import { checkProvider, type ProviderOptions, schemeSettings } from "./verify.ts";

/** What came of a request: how to answer it, and whether it is an event to act on. */
export interface Reception {
  readonly kind: "handshake" | "event" | "rejected";
  readonly answer: HandshakeAnswer;
}

/** Answers a handshake, or gives `undefined` when the request is none. A refused one has its error in the answer. */
export async function answerHandshake(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<HandshakeAnswer | undefined> {
  const settings = schemeSettings({ ...options, allowUnsigned: false });
  const inbound = openInbound(request, definition.payload);
  const context: HandshakeContext = {
    ...settings,
    inbound,
    verify: async () => {
      await checkProvider(definition, inbound, settings);
    },
  };
  try {
    for (const handshake of definition.handshakes ?? []) {
      const answer = await handshake.answer(context);
      if (answer !== undefined) return answer;
    }
  } catch (error) {
    if (error instanceof WebhookError) return { ...rejection(definition), error };
    throw error;
  }
  return undefined;
}

/**
 * The whole conversation with a provider in one call: a handshake is answered, an event verified, and either way the
 * answer is the one the provider wants. Send it, and act on the request only when `kind` is `event`.
 */
export async function receiveProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<Reception> {
  const handshake = await answerHandshake(definition, request, options);
  if (handshake !== undefined)
    return { kind: handshake.error === undefined ? "handshake" : "rejected", answer: handshake };
  try {
    await checkProvider(definition, openInbound(request, definition.payload), schemeSettings(options));
    return { kind: "event", answer: acceptance(definition, request) };
  } catch (error) {
    if (error instanceof WebhookError) return { kind: "rejected", answer: { ...rejection(definition), error } };
    throw error;
  }
}

/** The answer a provider wants for a delivery that was taken in. */
export function acceptance(
  { respond = {} }: ProviderDefinition,
  request: Pick<WebhookRequest, "headers">,
): WebhookAnswer {
  const { status = 200, body = "", contentType, echo } = respond;
  const headers: Record<string, string> = contentType === undefined ? {} : { "content-type": contentType };
  if (echo !== undefined) headers[echo] = cleanHeader(readHeaders(request.headers).get(echo) ?? "");
  return { status, body, headers };
}

/** The answer for a delivery that does not verify: empty, so that it says nothing to whoever forged it. */
export function rejection({ respond = {} }: ProviderDefinition): WebhookAnswer {
  return { status: respond.reject ?? 401, body: "", headers: {} };
}
