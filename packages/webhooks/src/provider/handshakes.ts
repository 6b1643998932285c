import { hmac } from "../crypto/hmac.ts";
import { equalText, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { Handshake, HandshakeResponse, HandshakeContext } from "./types.ts";
import { requireSecrets } from "./require.ts";
import { scalar, select, walk } from "./select.ts";

/** Maximum length of an echoed challenge. Real challenges have at most a few hundred characters. */
const MAX_CHALLENGE_LENGTH = 2048;

/** Responds with 200 to a method that the provider uses only to check that the URL exists. */
export function respondToMethod(method: "GET" | "HEAD"): Handshake {
  return {
    summary: `${method} → 200`,
    respond: ({ inbound }) => (inbound.method === method ? empty(200) : undefined),
  };
}

/** Echoes a query parameter of a GET as plain text. */
export function echoQuery(name: string, method = "GET"): Handshake {
  return {
    summary: `${method} ?${name}= → 200 text/plain, the value`,
    respond: ({ inbound }) => {
      const challenge = inbound.method === method ? inbound.query(name) : undefined;
      return challenge === undefined ? undefined : plainText(challenge);
    },
  };
}

/** A signed POST with a challenge in its JSON body. */
export interface SignedChallengeOptions {
  /** Selector and value that distinguish the challenge from an event. */
  readonly when: readonly [selector: string, value: string];
  /** Path of the challenge in the body. */
  readonly path: string;
}

/** Verifies a challenge like an event, then echoes it as plain text. */
export function signedChallenge({ when: [selector, value], path }: SignedChallengeOptions): Handshake {
  return {
    summary: `signed, ${selector} = ${value} → 200, ${path}`,
    async respond(context) {
      if (select(context.inbound, selector) !== value) return undefined;
      await context.verify();
      return plainText(scalar(walk(context.inbound.payload(), path)) ?? "");
    },
  };
}

/** Accepts an unsigned test request that is marked by a header. It must not reach a handler. */
export function pingHeader(header: string, value: string): Handshake {
  return {
    summary: `${header}: ${value} → 200`,
    respond: ({ inbound }) => (inbound.header(header) === value ? empty(200) : undefined),
  };
}

/** Meta's callback verification. The verify token is chosen by the user and is not the app secret. */
export const metaChallenge: Handshake = {
  summary: "GET ?hub.mode=subscribe&hub.verify_token= → 200, hub.challenge; 403 for another token",
  respond({ inbound, secrets, config }) {
    const challenge = inbound.query("hub.challenge");
    if (inbound.method !== "GET" || challenge === undefined) return undefined;
    const given = inbound.query("hub.verify_token") ?? "";
    const tokens = config["verifyToken"] === undefined ? secrets : [config["verifyToken"]];
    const known = tokens.some((token) => token !== "" && equalText(given, token));
    return known && inbound.query("hub.mode") === "subscribe" ? plainText(challenge) : empty(403);
  },
};

/** Verifies a POST without events and responds with an empty 200. */
export function signedEmptyBatch(path: string): Handshake {
  return {
    summary: `signed, ${path}: [] → 200, empty`,
    async respond(context) {
      const events = walk(context.inbound.payload(), path);
      if (!Array.isArray(events) || events.length > 0) return undefined;
      await context.verify();
      return empty(200);
    },
  };
}

/** CloudEvents webhook validation: a sender asks for permission to send. */
export const cloudEventsOptions: Handshake = {
  summary: "OPTIONS WebHook-Request-Origin → 200 WebHook-Allowed-Origin and -Rate",
  respond({ inbound, config }) {
    const origin = inbound.header("webhook-request-origin");
    if (inbound.method !== "OPTIONS" || origin === undefined) return undefined;
    const allowed = config["allowedOrigins"]?.split(",").map((entry) => entry.trim());
    const headers: Record<string, string> = { allow: "POST" };
    // A refusal omits the headers; the status is still 200.
    if (allowed === undefined || allowed.includes(origin) || allowed.includes("*")) {
      headers["webhook-allowed-origin"] = cleanHeader(origin);
      const rate = config["allowedRate"] ?? inbound.header("webhook-request-rate");
      if (rate !== undefined) headers["webhook-allowed-rate"] = cleanHeader(rate);
    }
    return { status: 200, headers, body: "" };
  },
};

/** HMAC of a challenge with the first secret. */
export async function challengeMac(context: HandshakeContext, challenge: string): Promise<Uint8Array> {
  return hmac("sha256", utf8(requireSecrets(context)[0]!), [limited(challenge)]);
}

/** Response without a body. */
export function empty(status: number): HandshakeResponse {
  return { status, headers: {}, body: "" };
}

/**
 * Response with a challenge as text that no browser interprets as HTML, because the challenge comes from the request.
 */
export function plainText(text: string): HandshakeResponse {
  const headers = { "content-type": "text/plain", "x-content-type-options": "nosniff" };
  return { status: 200, headers, body: limited(text) };
}

/** Response with a JSON body. */
export function json(value: unknown): HandshakeResponse {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** Refuses a handshake that would replace an existing secret: otherwise anyone could take over the endpoint. */
export function requireNoSecret({ secrets }: HandshakeContext): void {
  if (secrets.length === 0) return;
  throw new WebhookError(
    "unverifiable",
    "A secret is already stored for this endpoint, and the handshake would replace it. Remove the secret first.",
  );
}

/** A value reduced to characters that are allowed in a response header. */
export function cleanHeader(value: string): string {
  return limited(value).replace(/[^\x20-\x7e]/g, "");
}

/** Cuts a text to the maximum length of a challenge. A challenge that was cut fails at the sender. */
function limited(text: string): string {
  return text.slice(0, MAX_CHALLENGE_LENGTH);
}
