import { hmac } from "../crypto/hmac.ts";
import { equalText, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { Handshake, HandshakeAnswer, HandshakeContext } from "./types.ts";
import { requireSecrets } from "./require.ts";
import { scalar, select, walk } from "./select.ts";

/** Longest challenge that is echoed. Real ones have at most a few hundred characters. */
const MOST_CHALLENGE = 2048;

/** Answers a method that the provider only uses to see whether the URL is there. */
export function answerMethod(method: "GET" | "HEAD"): Handshake {
  return {
    summary: `${method} → 200`,
    answer: ({ inbound }) => (inbound.method === method ? empty(200) : undefined),
  };
}

/** Echoes a query parameter of a GET as plain text. */
export function echoQuery(name: string, method = "GET"): Handshake {
  return {
    summary: `${method} ?${name}= → 200 text/plain, the value`,
    answer: ({ inbound }) => {
      const challenge = inbound.method === method ? inbound.query(name) : undefined;
      return challenge === undefined ? undefined : plainText(challenge);
    },
  };
}

/** A signed POST with a challenge in its JSON body. */
export interface SignedChallengeOptions {
  /** Selector and value that tell the challenge from an event. */
  readonly when: readonly [selector: string, value: string];
  /** Path of the challenge in the body. */
  readonly path: string;
}

/** Verifies a challenge like any event, then echoes it as plain text. */
export function signedChallenge({ when: [selector, value], path }: SignedChallengeOptions): Handshake {
  return {
    summary: `signed, ${selector} = ${value} → 200, ${path}`,
    async answer(context) {
      if (select(context.inbound, selector) !== value) return undefined;
      await context.verify();
      return plainText(scalar(walk(context.inbound.payload(), path)) ?? "");
    },
  };
}

/** Takes an unsigned test request that a header marks as such. It must not reach a handler. */
export function pingHeader(header: string, value: string): Handshake {
  return {
    summary: `${header}: ${value} → 200`,
    answer: ({ inbound }) => (inbound.header(header) === value ? empty(200) : undefined),
  };
}

/** Meta's verification of a callback: the verify token is the user's own, not the app secret. */
export const metaChallenge: Handshake = {
  summary: "GET ?hub.mode=subscribe&hub.verify_token= → 200, hub.challenge; 403 for another token",
  answer({ inbound, secrets, config }) {
    const challenge = inbound.query("hub.challenge");
    if (inbound.method !== "GET" || challenge === undefined) return undefined;
    const given = inbound.query("hub.verify_token") ?? "";
    const tokens = config["verifyToken"] === undefined ? secrets : [config["verifyToken"]];
    const known = tokens.some((token) => token !== "" && equalText(given, token));
    return known && inbound.query("hub.mode") === "subscribe" ? plainText(challenge) : empty(403);
  },
};

/** Verifies that a POST holding no events is signed, and says so with the status alone. */
export function signedEmptyBatch(path: string): Handshake {
  return {
    summary: `signed, ${path}: [] → 200, empty`,
    async answer(context) {
      const events = walk(context.inbound.payload(), path);
      if (!Array.isArray(events) || events.length > 0) return undefined;
      await context.verify();
      return empty(200);
    },
  };
}

/** CloudEvents web hook validation: a sender asks for leave to send. */
export const cloudEventsOptions: Handshake = {
  summary: "OPTIONS WebHook-Request-Origin → 200 WebHook-Allowed-Origin and -Rate",
  answer({ inbound, config }) {
    const origin = inbound.header("webhook-request-origin");
    if (inbound.method !== "OPTIONS" || origin === undefined) return undefined;
    const allowed = config["allowedOrigins"]?.split(",").map((entry) => entry.trim());
    const headers: Record<string, string> = { allow: "POST" };
    // Refusing means to leave the headers out; the status stays 200.
    if (allowed === undefined || allowed.includes(origin) || allowed.includes("*")) {
      headers["webhook-allowed-origin"] = cleanHeader(origin);
      const rate = config["allowedRate"] ?? inbound.header("webhook-request-rate");
      if (rate !== undefined) headers["webhook-allowed-rate"] = cleanHeader(rate);
    }
    return { status: 200, headers, body: "" };
  },
};

/** HMAC of a challenge with the first secret that was given. */
export async function challengeMac(context: HandshakeContext, challenge: string): Promise<Uint8Array> {
  return hmac("sha256", utf8(requireSecrets(context)[0]!), [limited(challenge)]);
}

/** An answer without a body. */
export function empty(status: number): HandshakeAnswer {
  return { status, headers: {}, body: "" };
}

/** A challenge as text that no browser takes for HTML: it comes from the request. */
export function plainText(text: string): HandshakeAnswer {
  const headers = { "content-type": "text/plain", "x-content-type-options": "nosniff" };
  return { status: 200, headers, body: limited(text) };
}

/** A JSON answer. */
export function json(value: unknown): HandshakeAnswer {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** Refuses a handshake that would set a secret when one is set: anybody could take the endpoint over. */
export function requireNoSecret({ secrets }: HandshakeContext): void {
  if (secrets.length === 0) return;
  throw new WebhookError(
    "unverifiable",
    "A secret is already stored for this endpoint; the handshake would replace it.",
  );
}

/** A value that may stand in a response header. */
export function cleanHeader(value: string): string {
  return limited(value).replace(/[^\x20-\x7e]/g, "");
}

/** What is longer than any challenge is none: cut, it fails at the sender. */
function limited(text: string): string {
  return text.slice(0, MOST_CHALLENGE);
}
