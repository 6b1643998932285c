import type { HashName } from "../crypto/runtime.ts";
import { empty, plainText } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { onlyIf } from "../provider/scheme/only-if.ts";
import type { Handshake, ProviderDefinition, Scheme } from "../provider/types.ts";

/** The hub chooses a hash from the list in the specification and names it before the signature. */
function byHash(hash: HashName): Scheme {
  const prefix = `${hash}=`;
  return onlyIf(
    ({ inbound }) => inbound.header("x-hub-signature")?.startsWith(prefix) !== false,
    hmac({ name: hash, header: "x-hub-signature", hash, prefix }),
  );
}

/** The hub asks whether the subscription was intended. */
const intent: Handshake = {
  summary: "GET hub.challenge → 200, the challenge; 404 for a topic or mode that was not requested",
  respond({ inbound, config }) {
    const mode = inbound.query("hub.mode");
    if (inbound.method !== "GET" || mode === undefined) return undefined;
    const known = config["topic"] !== undefined && inbound.query("hub.topic") === config["topic"];
    if (mode === "denied") return empty(known ? 200 : 404);
    const challenge = inbound.query("hub.challenge");
    if (!known || mode !== (config["mode"] ?? "subscribe") || challenge === undefined) return empty(404);
    return plainText(challenge);
  },
};

export const websub: ProviderDefinition = {
  id: "websub",
  name: "WebSub (PubSubHubbub)",
  aliases: ["pubsubhubbub"],
  group: "cloud",
  schemes: [byHash("sha256"), byHash("sha384"), byHash("sha512"), byHash("sha1")],
  secret: "hub.secret set with the subscription (less than 200 bytes)",
  config: { topic: "topic subscribed to", mode: "subscribe (default) or unsubscribe: the request sent to the hub" },
  event: (inbound) => /<([^<>]+)>;\s*rel="?self/.exec(inbound.header("link") ?? "")?.[1],
  handshakes: [intent],
  respond: {
    status: 204,
    reject: 202,
    note: "2xx also for a bad signature, whose content is dropped; 410 unsubscribes",
  },
  retry: "as the hub likes",
};
