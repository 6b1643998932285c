/** Calls of an MCP client's callback that carry no event: the question whether it wants the events, and the end of a subscription. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { mcpHeaders, type McpCallback } from "../../destinations/kinds/mcp-request.ts";
import type { RateLimiter } from "../../lib/rate-limiter.ts";
import { applicationEgress } from "../application/egress.ts";
import type { OutsideContext, Services } from "../context.ts";
import type { SubscriberResponse } from "../ports.ts";

/** Why a callback was not confirmed, in the terms of SEP-3415. Nothing that the callback responded is passed on. */
export type CallbackReason = "connection_refused" | "timeout" | "tls_error" | "challenge_failed" | "rate_limited";

/** The callback did not confirm that it wants the events. */
export class CallbackError extends Error {
  override readonly name = "CallbackError";
  readonly reason: CallbackReason;

  constructor(reason: CallbackReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

const MESSAGES: Readonly<Record<CallbackReason, string>> = {
  connection_refused: "The callback cannot be reached. Use an HTTPS URL of a public host that accepts connections.",
  timeout: "The callback did not respond in time. It has 10 seconds to return the challenge.",
  tls_error: "The TLS certificate of the callback is not valid for its host.",
  challenge_failed:
    'The callback did not confirm the subscription. It must respond with status 2xx and {"challenge": "…"}, with the challenge of the request.',
  rate_limited: "Too many subscriptions with callbacks at this host. Try again in a minute.",
};

/** Questions of one application to callbacks of one host, on this node. Anyone with a key can name any host. */
const CHALLENGES_PER_MINUTE = 30;

const limits = new WeakMap<Services, RateLimiter>();

function limitOf(services: Services): RateLimiter {
  let limit = limits.get(services);
  if (limit === undefined) {
    limit = services.rateLimits.limiter("callback challenges", CHALLENGES_PER_MINUTE);
    limits.set(services, limit);
  }
  return limit;
}

/** Asks a callback whether it wants the events. Throws {@link CallbackError} unless it returns the challenge. */
export async function confirmCallback(ctx: OutsideContext, appKey: number, to: McpCallback): Promise<void> {
  if (!limitOf(ctx.services).take(`${appKey} ${new URL(to.callback).hostname}`)) throw callbackError("rate_limited");
  const challenge = randomBytes(32).toString("base64url");
  const response = await post(ctx, appKey, to, { type: "verification", challenge });
  if (response.kind === "error") throw callbackError(reasonOf(response.code));
  if (response.status < 200 || response.status > 299 || !isEcho(response.body, challenge))
    throw callbackError("challenge_failed");
}

function callbackError(reason: CallbackReason): CallbackError {
  return new CallbackError(reason, MESSAGES[reason]);
}

function reasonOf(code: string): CallbackReason {
  if (code.startsWith("tls_")) return "tls_error";
  return /timeout/.test(code) ? "timeout" : "connection_refused";
}

function isEcho(body: Uint8Array, challenge: string): boolean {
  let echoed: unknown;
  try {
    ({ challenge: echoed } = JSON.parse(new TextDecoder().decode(body)) as { readonly challenge?: unknown });
  } catch {
    return false;
  }
  if (typeof echoed !== "string") return false;
  const [given, expected] = [Buffer.from(echoed), Buffer.from(challenge)];
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
}

/** Why a subscription has ended: an error of SEP-3415. */
export interface Termination {
  readonly code: number;
  readonly message: string;
}

/** Notifies the client that a subscription has ended. Makes one attempt: a client that misses it notices at its next renewal. */
export async function announceEnd(
  ctx: OutsideContext,
  appKey: number,
  to: McpCallback,
  { code, message, signal }: Termination & { readonly signal: AbortSignal },
): Promise<void> {
  await post(ctx, appKey, to, { type: "terminated", error: { code, message } }, signal);
}

async function post(
  ctx: OutsideContext,
  appKey: number,
  to: McpCallback,
  control: { readonly type: string } & Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<SubscriberResponse> {
  const body = Buffer.from(JSON.stringify(control));
  const id = `msg_${control.type}_${randomBytes(12).toString("hex")}`;
  return ctx.services.subscribers.send({
    ...(await applicationEgress(ctx, appKey)),
    method: "POST",
    url: to.callback,
    headers: mcpHeaders(to, id, body, ctx.services.now()),
    body,
    ...(signal === undefined ? {} : { signal }),
  });
}
