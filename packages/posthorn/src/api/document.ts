/**
 * Builds the OpenAPI document from the routes. The document is built on the first request for it, because its generator and the
 * schemas of all routes would take up memory and time at every start.
 */
import swagger from "@fastify/swagger";
import { Type } from "typebox";
import { VERSION } from "../lib/version.ts";
import { COMPATIBLE_OPERATIONS } from "./compatible.ts";
import { EXPORT_DESCRIPTION, EXPORT_PATH } from "./audit/export.ts";
import { PERMISSION_ROUTES } from "./endpoint-permission-description.ts";
import { RELAY_DESCRIPTIONS } from "./relay/socket.ts";
import { LIST_EXPORT_DESCRIPTIONS } from "./list-export/export.ts";
import { LIVE_DESCRIPTION, LIVE_PATH } from "./live.ts";
import { descriptionOf, STREAM_PATHS } from "./feed/stream.ts";
import { HttpError, HttpValidationError, ref } from "./models/common.ts";
import { DOCUMENTED_AS } from "./models/kind-fields.ts";
import { MODELS } from "./models/index.ts";
import type { Route } from "./route.ts";
import { ROUTES } from "./routes.ts";
import { describePublicRoute, PUBLIC_ROUTES } from "./session/public-routes.ts";
import { TAGS } from "./tags.ts";
import { WARNING_HEADER } from "./validation.ts";
import { WEBSUB_PUBLIC_ROUTES } from "./websub/description.ts";

import Fastify, { type FastifySchema, type RouteOptions } from "fastify";

/**
 * The OpenAPI document as the server publishes it. In contrast to {@link buildDocument}, on which the types of the dashboard are based, it
 * names the server, and the models of configurations, of which there is one for each kind.
 */
export async function publishedDocument(publicUrl: string): Promise<object> {
  const { openapi, info, ...rest } = withModels(await buildDocument()) as Record<string, unknown>;
  return { openapi, info, servers: [{ url: publicUrl }], ...rest };
}

/** Replaces schemas that are marked with {@link DOCUMENTED_AS} by references, and keeps everything else they allow. */
function withModels(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withModels);
  if (typeof node !== "object" || node === null) return node;
  const { [DOCUMENTED_AS]: ids, ...schema } = node as Record<string, unknown>;
  const rest = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withModels(value)]));
  if (!Array.isArray(ids)) return rest;
  const models = (ids as string[]).map((id) => ({ $ref: `#/components/schemas/${id}` }));
  const { description, ...open } = rest;
  return models.length === 1 ? { description, ...models[0] } : { description, anyOf: [...models, open] };
}

/** The OpenAPI document, with open schemas for configurations. Fails if two routes or models contradict each other. */
export async function buildDocument(): Promise<object> {
  // A server that never listens: the generator reads the routes of a Fastify instance.
  const app = Fastify();
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Posthorn",
        version: VERSION,
        description: "Publish events; Posthorn delivers them as webhooks.",
        contact: { name: "The Posthorn authors" },
        license: { name: "Apache 2.0", identifier: "Apache-2.0" },
      },
      tags: TAGS.map(([name, description]) => ({ name, description })),
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    },
    // The generator would resolve references against all models, once for each response of each operation: ten times the CPU time.
    transform: ({ schema, url }) => ({ schema: withLocalReferences(schema) as FastifySchema, url }),
  });
  for (const route of ROUTES)
    app.route({ method: route.method, url: route.path, schema: describeRoute(route), handler: neverCalled });
  app.route(HEALTH);
  app.get(LIVE_PATH, { schema: LIVE_DESCRIPTION }, neverCalled);
  for (const { path, schema } of RELAY_DESCRIPTIONS) app.get(path, { schema }, neverCalled);
  app.get(EXPORT_PATH, { schema: EXPORT_DESCRIPTION }, neverCalled);
  for (const { path, schema } of LIST_EXPORT_DESCRIPTIONS) app.get(path, { schema }, neverCalled);
  for (const scope of STREAM_PATHS) app.get(scope.path, { schema: descriptionOf(scope) }, neverCalled);
  for (const route of PUBLIC_ROUTES)
    app.route({ method: route.method, url: route.path, schema: describePublicRoute(route), handler: neverCalled });
  for (const route of [...WEBSUB_PUBLIC_ROUTES, ...PERMISSION_ROUTES]) app.route({ ...route, handler: neverCalled });
  await app.ready();
  try {
    const { components, ...document } = app.swagger() as { readonly components?: object };
    return { ...document, components: { ...components, schemas: componentSchemas() } };
  } finally {
    await app.close();
  }
}

/** The models by their names. Fails if two of them have the same. */
function componentSchemas(): Readonly<Record<string, unknown>> {
  const schemas: Record<string, unknown> = {};
  for (const model of MODELS) {
    const { $id, ...schema } = model as { readonly $id: string };
    if (Object.hasOwn(schemas, $id)) throw new Error(`Two models are named ${$id}.`);
    schemas[$id] = componentOf(schema);
  }
  return schemas;
}

/** A schema as generators of clients understand it: no members beside a reference, no patterns for names, and lists of values only. */
function componentOf(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(componentOf);
  if (typeof node !== "object" || node === null) return node;
  if ("$ref" in node) return { $ref: localReference(node.$ref as string) };
  const { const: only, properties, patternProperties, ...rest } = node as Readonly<Record<string, unknown>>;
  const schema = mapValues(rest, componentOf);
  if (only !== undefined) schema["enum"] = [only];
  if (properties !== undefined) schema["properties"] = mapValues(properties as object, componentOf);
  if (patternProperties !== undefined)
    schema["additionalProperties"] = componentOf(Object.values(patternProperties as object)[0]);
  return schema;
}

function mapValues(object: object, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

/** A copy with references into the document, such as `#/components/schemas/EndpointOut` instead of `EndpointOut#`. */
function withLocalReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withLocalReferences);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(([name, value]) => [
    name,
    name === "$ref" ? localReference(value as string) : withLocalReferences(value),
  ]);
  return Object.fromEntries(entries) as unknown;
}

function localReference(reference: string): string {
  return `#/components/schemas/${reference.replace(/#$/, "")}`;
}

function neverCalled(): never {
  throw new Error("The server of the OpenAPI document handles no requests.");
}

const HEALTH: RouteOptions = {
  method: "GET",
  url: "/api/v1/health",
  schema: {
    operationId: "v1.health.get",
    tags: ["Health"],
    summary: "Check whether the server and its database respond",
    description:
      "Requires no token. Load balancers should use `/health/ready` instead, which also reports when a node is stopping.",
    security: [],
    response: {
      204: { description: "The server and its database respond.", type: "null" },
      400: { description: "The request cannot be read.", ...ref(HttpError) },
      503: { description: "The database does not respond.", ...ref(HttpError) },
    },
  },
  handler: neverCalled,
};

const TOKEN_SECURITY = [{ token: [] }];

const POST_HEADERS = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      description: "Requests with the same key are processed once; later ones get the same response.",
    }),
  ),
});

const WARNING_HEADERS = {
  [WARNING_HEADER]: {
    type: "string",
    description:
      "Names query parameters that the operation ignored, and secrets that may have been copied incorrectly.",
  },
};

function describeRoute({
  method,
  path,
  operationId,
  tag,
  summary,
  description,
  query,
  body,
  responses,
}: Route): object {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
  const error = ref(HttpError);
  const described = Object.entries(responses).map(([status, model]) => [
    status,
    {
      description: "Done.",
      ...(COMPATIBLE_OPERATIONS.has(operationId) ? { headers: WARNING_HEADERS } : {}),
      ...(model === null ? { type: "null" } : ref(model)),
    },
  ]);
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: TOKEN_SECURITY,
    ...(names.length === 0
      ? {}
      : { params: Type.Object(Object.fromEntries(names.map((name) => [name, Type.String()]))) }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(method === "POST" ? { headers: POST_HEADERS } : {}),
    ...(body === undefined ? {} : { body: ref(body) }),
    response: {
      ...Object.fromEntries(described),
      400: { description: "The request cannot be read.", ...error },
      401: { description: "The token is missing, invalid or expired.", ...error },
      403: { description: "The token does not have access.", ...error },
      404: { description: "The resource does not exist, or the token cannot access it.", ...error },
      409: { description: "The request conflicts with an existing resource.", ...error },
      413: { description: "The request is too large.", ...error },
      422: { description: "The request violates a rule.", ...ref(HttpValidationError) },
      ...(operationId === "v1.message.create"
        ? { 429: { description: "Too many deliveries of the application are queued. Try again later.", ...error } }
        : {}),
      503: { description: "The server cannot process the request now. Try again later.", ...error },
    },
  };
}
