import { empty, requireNoSecret } from "../provider/handshakes.ts";
import type { Inbound } from "../provider/inbound.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { walk } from "../provider/select.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";

/** The first request contains the token that signs all later ones. The user pastes it into Notion to confirm. */
const tokenHandshake: Handshake = {
  summary: "verification_token → 200; store it (only while there is none) and show it to the user",
  respond(context) {
    const token = walk(context.inbound.payload(), "verification_token");
    if (typeof token !== "string" || context.inbound.header("x-notion-signature") !== undefined) return undefined;
    requireNoSecret(context);
    return { ...empty(200), action: { kind: "store-secret", secret: token } };
  },
};

/** Notion's own library converts the signature to lower case before comparing. */
function lowerCase(inbound: Inbound): readonly string[] {
  return [inbound.header("x-notion-signature")?.toLowerCase() ?? ""];
}

export const notion: ProviderDefinition = {
  id: "notion",
  name: "Notion",
  group: "development",
  schemes: [hmac({ header: "x-notion-signature", prefix: "sha256=", find: lowerCase })],
  secret: "verification_token of the first request",
  event: "{body:type}",
  delivery: "{body:id}",
  time: "{body:timestamp}",
  handshakes: [tokenHandshake],
  retry: "up to 8 times over 24 h",
  mask: ["body:verification_token"],
};
