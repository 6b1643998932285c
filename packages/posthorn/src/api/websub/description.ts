/** The hub and its topics in the OpenAPI document. They require no token. */
import type { RouteOptions } from "fastify";
import { Type } from "typebox";
import { HUB_PATH, TOPIC_PATH } from "../../domain/websub/urls.ts";
import { HttpError, ref } from "../models/common.ts";

const error = ref(HttpError);

const FORM = Type.Object({
  "hub.mode": Type.Union([Type.Literal("subscribe"), Type.Literal("unsubscribe")]),
  "hub.topic": Type.String({ description: "URL of the topic." }),
  "hub.callback": Type.String({
    maxLength: 2048,
    description: "URL that receives the verification and the events. It should be unguessable and use HTTPS.",
  }),
  "hub.lease_seconds": Type.Optional(
    Type.Integer({
      minimum: 1,
      description: "Requested lease. The topic limits it; the verification request contains the granted lease.",
    }),
  ),
  "hub.secret": Type.Optional(
    Type.String({ maxLength: 199, description: "Up to 199 bytes. Events are then signed in `X-Hub-Signature`." }),
  ),
});

/** Routes for the document, without their handlers. */
export const WEBSUB_PUBLIC_ROUTES: readonly Omit<RouteOptions, "handler">[] = [
  {
    method: "POST",
    url: HUB_PATH,
    schema: {
      operationId: "websub.hub.request",
      tags: ["WebSub"],
      summary: "Subscribe to a topic, renew or unsubscribe",
      description:
        "For subscribers, without a token. Posthorn then calls the callback with `hub.challenge`, which must return it to confirm the request.",
      security: [],
      consumes: ["application/x-www-form-urlencoded"],
      body: FORM,
      response: {
        202: { description: "The request is stored, and the callback is called.", type: "null" },
        400: { description: "A parameter is missing or wrong.", ...error },
        404: { description: "There is no such topic, or no subscription to end.", ...error },
        413: { description: "The form is too large.", ...error },
        429: { description: "Too many requests, or too many that are waiting for confirmation.", ...error },
        503: { description: "The server cannot process the request now. Try again later.", ...error },
      },
    },
  },
  {
    method: "GET",
    url: `${TOPIC_PATH}/:token`,
    schema: {
      operationId: "websub.topic.content",
      tags: ["WebSub"],
      summary: "Read the newest event of a topic",
      description:
        "For subscribers, without a token. The `Link` header names the hub and the topic. HEAD returns it without the event.",
      security: [],
      params: Type.Object({ token: Type.String() }),
      response: {
        200: {
          description: "The newest event, byte for byte, with its content type.",
          content: { "*/*": { schema: { type: "string" } } },
        },
        204: { description: "There is no event yet.", type: "null" },
        404: { description: "There is no topic at this URL.", ...error },
        429: { description: "Too many requests. Try again in a minute.", ...error },
        503: { description: "The server cannot process the request now. Try again later.", ...error },
      },
    },
  },
];
