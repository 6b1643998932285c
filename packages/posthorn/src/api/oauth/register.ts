/**
 * Endpoints of the authorization server that programs call: metadata, registration, tokens and revocation. They have the form of the OAuth
 * specifications, and are not registered like the routes of the API. People decide on the consent page: see `connected-client/routes.ts`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Services } from "../../domain/context.ts";
import { isConnectable } from "../../domain/connected-client/server.ts";
import { addressSubject } from "../../domain/session/limits.ts";
import { notFound } from "../../lib/errors.ts";
import { onFirstUse } from "../../lib/first-use.ts";
import type { RateLimiter } from "../../lib/rate-limiter.ts";
import type { ParsedBody } from "../body.ts";
import { INERT } from "../inert.ts";
import { redirect } from "../redirect.ts";
import type { Reply } from "../reply.ts";
import { OAUTH_PATHS, openIdMetadata, RESOURCE_METADATA_PATH, resourceMetadata, serverMetadata } from "./metadata.ts";

const handlers = onFirstUse(() => import("./handlers.ts"));

/** Page of the dashboard. */
const CONSENT_PATH = "/connect";

const MAX_BODY_BYTES = 32_768;
/** Requests from one address. Tokens cannot be guessed, but each request is a look-up, and with a known token a transaction. */
const REQUESTS_PER_MINUTE = 120;
/** Registrations from one address. The people of a company, or a client in the cloud, share an address. */
const REGISTRATIONS_PER_MINUTE = 1;
const REGISTRATIONS_AT_ONCE = 30;

/** A request of a program. */
export interface OAuthCall {
  readonly services: Services;
  readonly body: Readonly<Record<string, unknown>>;
  readonly ip: string;
  readonly userAgent: string;
}

export function registerOAuth(app: FastifyInstance, services: Services): void {
  const { rules } = services;
  registerMetadata(app, services);
  // The page gets the query of the client as one parameter, so that nothing in between decodes and re-encodes it.
  app.get(OAUTH_PATHS.authorize, (request, response) => {
    const query = request.originalUrl.split("?").slice(1).join("?");
    return redirect(response, services, `${CONSENT_PATH}?${new URLSearchParams({ request: query }).toString()}`);
  });
  const requests = services.rateLimits.limiter("oauth requests", REQUESTS_PER_MINUTE);
  const registrations = services.rateLimits.limiter(
    "oauth registrations",
    REGISTRATIONS_PER_MINUTE,
    REGISTRATIONS_AT_ONCE,
  );
  const post = (url: string, limiter: RateLimiter, handle: (call: OAuthCall) => Promise<Reply>): void => {
    app.route({
      method: "POST",
      url,
      config: { takesForms: true },
      bodyLimit: MAX_BODY_BYTES,
      handler: async (request, response) => {
        if (!isConnectable(rules)) throw notFound("authorization server");
        const { tooManyRequests, failed } = await handlers();
        if (!limiter.take(addressSubject(request.ip).name))
          return respond(response.header("retry-after", "60"), tooManyRequests());
        try {
          return respond(response, await handle(callOf(services, request)));
        } catch (error) {
          return respond(response, failed(error));
        }
      },
    });
  };
  post(OAUTH_PATHS.token, requests, async (call) => (await handlers()).token(call));
  post(OAUTH_PATHS.revoke, requests, async (call) => (await handlers()).revoke(call));
  post(OAUTH_PATHS.register, registrations, async (call) => (await handlers()).register(call));
}

function registerMetadata(app: FastifyInstance, { rules }: Services): void {
  const get = (url: string, describe: (request: FastifyRequest) => object): void => {
    app.get(url, (request, response) => {
      if (!isConnectable(rules)) throw notFound("authorization server");
      return respond(response, { status: 200, json: JSON.stringify(describe(request)) });
    });
  };
  const resource = ({ protocol, host }: FastifyRequest): object => resourceMetadata(rules, `${protocol}://${host}`);
  get(RESOURCE_METADATA_PATH, resource);
  get("/.well-known/oauth-protected-resource", resource);
  get("/.well-known/oauth-authorization-server", () => serverMetadata(rules));
  get("/.well-known/openid-configuration", () => openIdMetadata(rules));
  // Access tokens are random: there is nothing to verify with a key.
  get(OAUTH_PATHS.keys, () => ({ keys: [] }));
}

function callOf(services: Services, { body, ip, headers }: FastifyRequest): OAuthCall {
  const value = (body as ParsedBody | undefined)?.value;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return { services, body: isObject ? (value as OAuthCall["body"]) : {}, ip, userAgent: headers["user-agent"] ?? "" };
}

function respond(response: FastifyReply, { status, json }: Reply): FastifyReply {
  return response
    .code(status)
    .headers({ ...INERT, "cache-control": "no-store", "content-type": "application/json" })
    .send(Buffer.from(json ?? ""));
}
