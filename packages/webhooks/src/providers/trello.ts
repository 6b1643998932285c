import { respondToMethod } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const trello: ProviderDefinition = {
  id: "trello",
  name: "Trello",
  group: "development",
  schemes: [
    hmac({ header: "x-trello-webhook", hash: "sha1", encoding: "base64", signed: "{body}{url}", url: "callbackUrl" }),
  ],
  secret: "OAuth secret of the application",
  config: { callbackUrl: "callback URL, exactly as given to Trello" },
  event: "{body:action.type}",
  delivery: "{body:action.id}",
  time: "{body:action.date}",
  handshakes: [respondToMethod("HEAD")],
  respond: { status: 200, note: "410 deletes the webhook" },
  retry: "3 times: after 30, 60 and 120 s",
};
