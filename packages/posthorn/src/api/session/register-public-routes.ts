/** Registers the routes of people who are not signed in yet. */
import type { FastifyInstance } from "fastify";
import { onFirstUse } from "../../lib/first-use.ts";
import type { ParsedBody } from "../body.ts";
import type { Reply } from "../reply.ts";
import { bodyValidator } from "../validation.ts";
import type { PublicRequest, PublicRouteOptions } from "./public-request.ts";
import { requireSameOrigin } from "./cookies.ts";
import { PUBLIC_ROUTES } from "./public-routes.ts";

/** Loaded when the first person signs in: most requests of a server come from programs. */
const handlers = onFirstUse(() => import("./public-handlers.ts"));

export function registerPublicRoutes(app: FastifyInstance, options: PublicRouteOptions): void {
  for (const route of PUBLIC_ROUTES) {
    const check = route.body === undefined ? null : bodyValidator(route.body);
    app.route({
      method: route.method,
      url: route.path,
      config: { takesForms: route.isForPrograms === true },
      bodyLimit: MAX_BODY_BYTES,
      onRequest: (request, _response, done) => {
        try {
          if (route.isForPrograms !== true) requireSameOrigin(request, options.services.rules.publicUrl());
          done();
        } catch (error) {
          done(error as Error);
        }
      },
      handler: async (request, response) => {
        const body = (request.body as ParsedBody | undefined)?.value ?? {};
        check?.(body);
        const publicUrl = options.services.rules.publicUrl();
        const handle = (await handlers())[route.handler] as (of: PublicRequest<unknown>) => Promise<Reply>;
        void response.header("cache-control", "no-store");
        return options.send(response, await handle({ ...options, request, response, publicUrl, body }));
      },
    });
  }
}

const MAX_BODY_BYTES = 16_384;
