/**
 * Callback URL with which a receiver grants permission to send (CloudEvents webhooks, section 4.1.3). GET and POST have the same effect, as the
 * specification requires: an administrator can open the URL in a browser. Registered before the hooks for callers of the API.
 */
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Services } from "../domain/context.ts";
import { grantPermission, PERMISSION_PATH } from "../domain/endpoint/permission.ts";
import { PosthornError } from "../lib/errors.ts";
import type { RateLimiter } from "../lib/rate-limiter.ts";
import { discard } from "./connection.ts";
import { failureReply } from "./failure.ts";
import { INERT } from "./inert.ts";

/** Requests a minute from one address. */
const PER_ADDRESS = 60;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Requires no API token: the URL contains a secret. */
    readonly grantsPermission?: boolean;
  }
}

export function registerPermissionCallback(app: FastifyInstance, services: Services): void {
  const limiter = services.rateLimits.limiter("endpoint permissions", PER_ADDRESS);
  const respond = async (request: FastifyRequest, reply: FastifyReply, fail: (error: Error) => void): Promise<void> => {
    try {
      const { status, body } = await grant(request, services, limiter);
      await discard(request.raw);
      reply.hijack();
      send(reply.raw, status, body);
    } catch (error) {
      fail(error as Error);
    }
  };
  app.addHook("onRequest", (request, reply, done) => {
    if (request.routeOptions.config.grantsPermission !== true) return done();
    void respond(request, reply, done);
  });
  // The handler is never reached, because the hook responds.
  app.route({
    method: ["GET", "POST"],
    url: `${PERMISSION_PATH}/:endpoint/:secret`,
    // A HEAD request, such as that of a link checker, must not grant anything.
    exposeHeadRoute: false,
    config: { grantsPermission: true },
    handler: () => undefined,
  });
}

async function grant(
  request: FastifyRequest,
  services: Services,
  limiter: RateLimiter,
): Promise<{ readonly status: number; readonly body: string }> {
  try {
    if (!limiter.take(request.ip))
      throw new PosthornError("too_many_requests", "Too many requests. Try again in a minute.");
    const { endpoint, secret } = request.params as { readonly endpoint: string; readonly secret: string };
    const ratePerMinute = rateOf(request.headers["webhook-allowed-rate"]);
    if (!(await grantPermission(services, { endpoint, secret, ratePerMinute }))) {
      throw new PosthornError(
        "not_found",
        "This URL has expired, or was replaced by a later request. Let the sender verify the endpoint again.",
      );
    }
    return { status: 200, body: JSON.stringify({ granted: true, ratePerMinute }) };
  } catch (error) {
    const { status, json } = failureReply(error, request);
    return { status, body: json ?? "" };
  }
}

/** A positive integer; `null` (no limit) for `*`, for anything unreadable, and without the header. */
function rateOf(header: string | readonly string[] | undefined): number | null {
  const text = typeof header === "string" ? header.trim() : "";
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

function send(response: ServerResponse, status: number, body: string): void {
  const headers = { ...INERT, "content-type": "application/json", "cache-control": "no-store" };
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
