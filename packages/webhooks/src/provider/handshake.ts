import { WebhookError } from "../errors.ts";
import { readHeaders, type WebhookRequest } from "../request.ts";
import { cleanHeader } from "./handshakes.ts";
import { openInbound } from "./inbound.ts";
import type { HandshakeResponse, HandshakeContext, ProviderDefinition, WebhookResponse } from "./types.ts";
import { checkProvider, type ProviderOptions, schemeSettings } from "./verify.ts";

/** Outcome of {@link receiveProvider}: the response to send, and whether the request is an event to process. */
export interface Reception {
  /** `event` only for a verified event. */
  readonly kind: "handshake" | "event" | "rejected";
  /** The response to send. */
  readonly response: HandshakeResponse;
}

/**
 * Answers a handshake of the provider.
 *
 * @param definition Definition of the provider.
 * @param request The request as it arrived.
 * @param options Secrets or public keys, and the provider's settings.
 * @returns The response to send; `undefined` when the request is not a handshake. A refused handshake has an `error`.
 *
 * @example
 *
 * ```ts
 * import { answerHandshake } from "@posthorn/webhooks/provider";
 * import { meta } from "@posthorn/webhooks/providers/meta";
 *
 * const url = "https://receiver.example/webhooks?hub.mode=subscribe&hub.verify_token=mine&hub.challenge=1158201444";
 * const request = { method: "GET", url, headers: {}, body: new Uint8Array() };
 * const response = await answerHandshake(meta, request, { secrets: "app secret", config: { verifyToken: "mine" } });
 * console.log(response?.status, response?.body); // 200 1158201444
 * ```
 */
export async function answerHandshake(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<HandshakeResponse | undefined> {
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
      const response = await handshake.respond(context);
      if (response !== undefined) return response;
    }
  } catch (error) {
    if (error instanceof WebhookError) return { ...rejection(definition), error };
    throw error;
  }
  return undefined;
}

/**
 * Handles a provider's request in one call: answers a handshake or verifies an event, and returns the response that
 * the provider expects. Send the response, and process the request only when `kind` is `event`.
 *
 * @param definition Definition of the provider.
 * @param request The request as it arrived.
 * @param options Secrets or public keys, and the provider's settings.
 * @returns The kind of request and the response to send.
 *
 * @example
 *
 * ```ts
 * import { receiveProvider } from "@posthorn/webhooks/provider";
 * import { github } from "@posthorn/webhooks/providers/github";
 * import { signProvider } from "@posthorn/webhooks/testing";
 *
 * const request = await signProvider(github, { secret: "hush" });
 * const { kind, response } = await receiveProvider(github, request, { secrets: "hush" });
 * console.log(kind, response.status); // event 200
 * ```
 */
export async function receiveProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<Reception> {
  const handshake = await answerHandshake(definition, request, options);
  if (handshake !== undefined)
    return { kind: handshake.error === undefined ? "handshake" : "rejected", response: handshake };
  try {
    await checkProvider(definition, openInbound(request, definition.payload), schemeSettings(options));
    return { kind: "event", response: acceptance(definition, request) };
  } catch (error) {
    if (error instanceof WebhookError) return { kind: "rejected", response: { ...rejection(definition), error } };
    throw error;
  }
}

/**
 * Response that a provider expects for an accepted delivery.
 *
 * @param definition Definition of the provider.
 * @param request The request, for providers that want a header echoed.
 * @returns Status, headers and body.
 *
 * @example
 *
 * ```ts
 * import { acceptance } from "@posthorn/webhooks/provider";
 * import { slack } from "@posthorn/webhooks/providers/slack";
 *
 * console.log(acceptance(slack, { headers: {} }).status); // 200
 * ```
 */
export function acceptance(definition: ProviderDefinition, request: Pick<WebhookRequest, "headers">): WebhookResponse {
  const { status = 200, body = "", contentType, echo } = definition.respond ?? {};
  const headers: Record<string, string> = contentType === undefined ? {} : { "content-type": contentType };
  if (echo !== undefined) headers[echo] = cleanHeader(readHeaders(request.headers).get(echo) ?? "");
  return { status, body, headers };
}

/**
 * Response to a delivery that does not verify. It has no body, so that it reveals nothing to an attacker.
 *
 * @param definition Definition of the provider.
 * @returns Status 401 unless the provider needs another.
 *
 * @example
 *
 * ```ts
 * import { rejection } from "@posthorn/webhooks/provider";
 * import { github } from "@posthorn/webhooks/providers/github";
 *
 * console.log(rejection(github).status); // 401
 * ```
 */
export function rejection(definition: ProviderDefinition): WebhookResponse {
  return { status: definition.respond?.reject ?? 401, body: "", headers: {} };
}
