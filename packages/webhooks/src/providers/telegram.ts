import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const telegram: ProviderDefinition = {
  id: "telegram",
  name: "Telegram Bot API",
  group: "messaging",
  schemes: [credential({ header: "x-telegram-bot-api-secret-token" })],
  secret: "secret_token given to setWebhook",
  event: (inbound) => Object.keys(Object(inbound.payload())).find((key) => key !== "update_id"),
  delivery: "{body:update_id}",
  time: ["{body:message.date}", "{body:edited_message.edit_date}", "{body:channel_post.date}"],
  respond: { status: 200, note: "the response body may contain a method call" },
  retry: "until a 2xx response; updates are kept for 24 h",
};
