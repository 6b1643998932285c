/** Parts of the kinds that post to an incoming webhook of a chat server with Slack's former attachment format. */
import type { TextField, UrlField } from "../../fields/field.ts";
import type { KindMessage, KindRequest } from "../kind.ts";
import { attachmentMessage } from "./attachment-card.ts";
import { jsonPost } from "./responses.ts";
import { type CardTemplates, renderCard } from "./render.ts";

/** Webhook URL and channel. */
export function hookFields({ url, channel }: HookTexts) {
  return {
    url: {
      type: "url",
      schemes: ["https:", "http:"],
      label: "Webhook URL",
      required: true,
      secret: true,
      isTarget: true,
      ...url,
    } as const satisfies UrlField,
    channel: {
      type: "text",
      maxLength: 64,
      label: "Channel",
      required: false,
      secret: false,
      ...channel,
    } as const satisfies TextField,
  };
}

interface HookTexts {
  readonly url: { readonly help: string; readonly example: string };
  readonly channel: { readonly pattern: string; readonly help: string; readonly example: string };
}

/** Limits and guarantees. */
export const HOOK_RULES = {
  group: "chat",
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "none",
  ordering: "none",
} as const;

type HookConfig = CardTemplates & { readonly url: string; readonly channel: string | null };

/** @param more Members of the body besides the attachment and the channel. */
export function hookRequest(
  config: HookConfig,
  message: KindMessage,
  escape: (text: string) => string,
  more: Readonly<Record<string, unknown>> = {},
): KindRequest {
  const { card } = renderCard(message, config);
  const { url, channel } = config;
  const body = { ...attachmentMessage(card, escape), ...more, ...(channel === null ? {} : { channel }) };
  return jsonPost(url, body);
}
