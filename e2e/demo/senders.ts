/** What providers send to the sources of the demo, with their signatures. */
import { createHmac } from "node:crypto";
import type { Random } from "../lib/random.ts";
import type { SourceKind } from "./scenery.ts";

export const SOURCE_SECRET = "the-secret-of-the-demo-0123456789";

export interface Inbound {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @param at Unix milliseconds: some providers sign the time too. */
export function inboundOf(type: SourceKind["type"], random: Random, at: number): Inbound {
  const id = `${random.below(1e9)}-${random.below(1e9)}`;
  switch (type) {
    case "github": {
      const [event, action] = [
        ["push", null],
        ["pull_request", "opened"],
        ["issues", "closed"],
      ][random.below(3)] as [string, string | null];
      const repository = { full_name: "example/shop", private: true };
      const body = JSON.stringify({ ...(action === null ? {} : { action }), number: random.below(900), repository });
      const signature = `sha256=${hmac(body, "hex")}`;
      return json(body, { "x-github-event": event, "x-github-delivery": id, "x-hub-signature-256": signature });
    }
    case "stripe": {
      const kind = ["charge.succeeded", "invoice.paid", "payment_intent.created"][random.below(3)];
      const created = Math.floor(at / 1000);
      const data = { object: { amount: 500 + random.below(90_000), currency: "eur" } };
      const body = JSON.stringify({ id: `evt_${id}`, type: kind, created, livemode: true, data });
      return json(body, { "stripe-signature": `t=${created},v1=${hmac(`${created}.${body}`, "hex")}` });
    }
    case "shopify": {
      const body = JSON.stringify({ id: random.below(1e9), total_price: `${random.below(300)}.90`, currency: "EUR" });
      const topic = ["orders/create", "orders/paid"][random.below(2)]!;
      const names = { "x-shopify-topic": topic, "x-shopify-webhook-id": id, "x-shopify-shop-domain": "shop.example" };
      return json(body, { ...names, "x-shopify-hmac-sha256": hmac(body, "base64") });
    }
    case "generic-webhook":
      return json(JSON.stringify({ type: "reading.taken", device: random.below(40), value: random.below(1000) / 10 }));
  }
}

/** A copy with a signature that does not verify. */
export function forged({ headers, body }: Inbound): Inbound {
  return { headers, body: body.replace("{", '{"forged":true,') };
}

function hmac(text: string, encoding: "hex" | "base64"): string {
  return createHmac("sha256", SOURCE_SECRET).update(text).digest(encoding);
}

function json(body: string, headers: Readonly<Record<string, string>> = {}): Inbound {
  return { body, headers: { "content-type": "application/json", ...headers } };
}
