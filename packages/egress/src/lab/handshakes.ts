import { respond } from "./behaviour.ts";
import type { Behaviour } from "./behaviour.ts";

/** Responses for endpoint verification and for credentials. */
export const HANDSHAKES: readonly Behaviour[] = [
  {
    path: "/cloudevents",
    group: "handshake",
    does: "Grants a CloudEvents OPTIONS handshake at ?rate= requests per minute (default 120).",
    expect: "The endpoint counts as verified, at that rate.",
    run: (call) => {
      const origin = call.request.headers["webhook-request-origin"];
      if (call.request.method !== "OPTIONS") return respond(call, 200);
      respond(call, 200, "", {
        "webhook-allowed-origin": typeof origin === "string" ? origin : "*",
        "webhook-allowed-rate": call.query.get("rate") ?? "120",
        allow: "POST",
      });
    },
  },
  {
    path: "/cloudevents/deny",
    group: "handshake",
    does: "Grants a CloudEvents OPTIONS handshake to another origin.",
    expect: "The endpoint stays unverified.",
    run: (call) => respond(call, 200, "", { "webhook-allowed-origin": "someone-else.example" }),
  },
  {
    path: "/challenge",
    group: "handshake",
    does: "Echoes the challenge of a JSON body.",
    expect: "The endpoint counts as verified.",
    run: (call) => respond(call, 200, challengeOf(call.body), { "content-type": "text/plain" }),
  },
  {
    path: "/oauth/token",
    group: "handshake",
    does: "Issues an OAuth 2 token to client lab with secret lab, valid for ?expires= seconds (default 60).",
    expect: "The token is cached and used until shortly before it expires.",
    run: (call) => {
      const basic = `Basic ${Buffer.from("lab:lab").toString("base64")}`;
      const form = new URLSearchParams(call.body.toString());
      const known = call.request.headers.authorization === basic || form.get("client_secret") === "lab";
      if (!known) return respond(call, 401, `{"error":"invalid_client"}`, { "content-type": "application/json" });
      const token = {
        access_token: `token-${call.count + 1}`,
        token_type: "Bearer",
        expires_in: Number(call.query.get("expires") ?? "60"),
      };
      respond(call, 200, JSON.stringify(token), { "content-type": "application/json" });
    },
  },
  {
    path: "/oauth/hook",
    group: "handshake",
    does: "Requires a Bearer token from /oauth/token; ?revoked= names one that is no longer valid.",
    expect: "A 401 makes the sender fetch a new token.",
    run: (call) => {
      const { authorization = "" } = call.request.headers;
      const good = /^Bearer token-\d+$/.test(authorization) && authorization !== `Bearer ${call.query.get("revoked")}`;
      respond(call, good ? 200 : 401, "", good ? {} : { "www-authenticate": `Bearer error="invalid_token"` });
    },
  },
];

function challengeOf(body: Buffer): string {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    const value = typeof parsed === "object" && parsed !== null && "challenge" in parsed ? parsed.challenge : "";
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}
