/** What handlers of the routes of people who are not signed in get. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Authenticator } from "../../domain/auth/authenticate.ts";
import type { Services } from "../../domain/context.ts";
import type { Reply } from "../reply.ts";

export interface PublicRouteOptions {
  readonly services: Services;
  readonly authenticator: Pick<Authenticator, "identifySession">;
  readonly send: (response: FastifyReply, reply: Reply) => FastifyReply;
}

export interface PublicRequest<Body> extends PublicRouteOptions {
  readonly request: FastifyRequest;
  readonly response: FastifyReply;
  readonly publicUrl: string;
  readonly body: Body;
}
