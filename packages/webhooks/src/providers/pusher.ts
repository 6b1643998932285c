import { hmac } from "../provider/scheme/hmac.ts";
import { onlyIf } from "../provider/scheme/only-if.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

function isForKey({ inbound, config }: SchemeContext): boolean {
  return config["key"] === undefined || inbound.header("x-pusher-key") === config["key"];
}

export const pusher: ProviderDefinition = {
  id: "pusher",
  name: "Pusher Channels",
  group: "infrastructure",
  schemes: [onlyIf(isForKey, hmac({ header: "x-pusher-signature" }))],
  secret: "secret of the app key named in X-Pusher-Key",
  config: { key: "app key; requests for another key are rejected" },
  time: "{body:time_ms}",
  batch: { at: "events", event: "{body:name}" },
};
