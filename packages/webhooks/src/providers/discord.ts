import { empty, json } from "../provider/handshakes.ts";
import { asymmetric, ed25519 } from "../provider/scheme/asymmetric.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import { walk } from "../provider/select.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";

/**
 * The PING of interactions has type 1, the PING of webhook events type 0. Discord sends requests with bad signatures
 * on purpose, which must get 401.
 */
const ping: Handshake = {
  summary: 'signed, type 1 → 200 {"type":1}; type 0 → 204',
  async respond(context) {
    const type = walk(context.inbound.payload(), "type");
    // A webhook event has type 1 too, but contains an event.
    const isEvent = walk(context.inbound.payload(), "event") !== undefined;
    if (isEvent || (type !== 0 && type !== 1)) return undefined;
    await context.verify();
    return type === 1 ? json({ type: 1 }) : { ...empty(204), headers: { "content-type": "application/json" } };
  },
};

/**
 * Discord interactions and webhook events: one scheme, two kinds of PING. Discord sends bad signatures on purpose:
 * responding to one with 2xx gets the URL removed.
 */
export const discord: ProviderDefinition = {
  id: "discord",
  name: "Discord",
  group: "messaging",
  schemes: [
    asymmetric({
      algorithm: ed25519,
      header: "x-signature-ed25519",
      encoding: "hex",
      timestamp: signedTime({ from: "header:x-signature-timestamp", tolerance: 300 }),
      signed: "{ts}{body}",
    }),
  ],
  secret: "public key of the application (hex)",
  event: ["{body:event.type}", "{body:type}"],
  delivery: "{body:id}",
  time: "{body:event.timestamp}",
  handshakes: [ping],
  respond: { status: 200, reject: 401, within: 3, note: "webhook events require 204" },
  retry: "interactions: none; webhook events: with backoff for 10 min, then Discord disables the URL",
  mask: ["body:token"],
};
