/**
 * Routes that browsers and identity providers request without our pages: the end of a sign-in, and back-channel logout. Registered beside the
 * routes of the API, whose form the protocol does not know.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Authenticator } from "../../domain/auth/authenticate.ts";
import type { Services } from "../../domain/context.ts";
import { AUTH_PATH, CALLBACK_PATH } from "../../domain/user/identity/paths.ts";
import { onFirstUse } from "../../lib/first-use.ts";
import type { RateLimiter } from "../../lib/rate-limiter.ts";

export interface ProviderRedirectOptions {
  readonly services: Services;
  readonly authenticator: Pick<Authenticator, "identifySession">;
}

/** A request of one of these routes. */
export interface ProviderRequest extends ProviderRedirectOptions {
  readonly request: FastifyRequest;
  readonly response: FastifyReply;
  /** By network address. */
  readonly logouts: RateLimiter;
}

/** Back-channel logouts from one address in a minute. Each costs a verification. */
const LOGOUTS_PER_MINUTE = 120;

/** Loaded with the first sign-in at a provider. */
const handlers = onFirstUse(() => import("./provider-handlers.ts"));

/** A logout token has one or two kilobytes. */
const MAX_LOGOUT_BYTES = 16_384;

export function registerProviderRedirects(app: FastifyInstance, options: ProviderRedirectOptions): void {
  const logouts = options.services.rateLimits.limiter("logouts", LOGOUTS_PER_MINUTE);
  app.route({
    method: "GET",
    url: CALLBACK_PATH,
    handler: async (request, response) =>
      (await handlers()).completeAtProvider({ ...options, request, response, logouts }),
  });
  const config = { takesForms: true };
  app.route({
    method: "POST",
    url: `${AUTH_PATH}/:provider_id/logout`,
    config,
    bodyLimit: MAX_LOGOUT_BYTES,
    handler: async (request, response) =>
      (await handlers()).logoutByProvider({ ...options, request, response, logouts }),
  });
}
