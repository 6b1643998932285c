/**
 * The tools of one audience. Their parameters and the schemas of these come from the routes that they call, so that a tool never accepts
 * what the API does not.
 */
import type { TSchema } from "typebox";
import { type Actor, requireAccess } from "../../domain/access.ts";
import { invoker } from "../invoke.ts";
import { MODELS } from "../models/index.ts";
import type { Route } from "../route.ts";
import { ROUTES } from "../routes.ts";
import { CHANGES, DRY_RUN, PAGING, RESULT_SCHEMA } from "./shared-schemas.ts";
import type { Audience, ToolAction, ToolDeclaration } from "./tool.ts";
import { READ_TOOLS } from "./tools/read.ts";
import { WRITE_TOOLS } from "./tools/write.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Part of the request that an argument sets. */
export interface Parameter {
  readonly place: "path" | "query" | "body";
  /** Its name in the operation. */
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

export interface Action {
  readonly name: string;
  readonly route: Route;
  readonly invoke: ReturnType<typeof invoker>;
  readonly defaults: Readonly<Record<string, unknown>>;
  /** By the name of the argument. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly isPaged: boolean;
  /** `null`: a dry run only checks the request. */
  readonly preview: { readonly route: Route; readonly invoke: ReturnType<typeof invoker> } | null;
}

export interface Tool {
  readonly declaration: ToolDeclaration;
  readonly actions: ReadonlyMap<string, Action>;
}

const routes: ReadonlyMap<string, Route> = new Map(ROUTES.map((route) => [route.operationId, route]));
const models: ReadonlyMap<string, JsonSchema> = new Map(
  MODELS.map((model) => [(model as { readonly $id?: string }).$id!, model as JsonSchema]),
);

function routeOf(operation: string): Route {
  const route = routes.get(operation);
  if (route === undefined) throw new Error(`A tool refers to the operation ${operation}, which does not exist.`);
  return route;
}

/** An operation of the API, to be called as a tool calls it. */
export function operationOf(operation: string): Pick<Action, "route" | "invoke"> {
  const route = routeOf(operation);
  return { route, invoke: invoker(route) };
}

/** Tools of the MCP endpoint of the organisation or of one application, by name. */
export function toolsFor(audience: Exclude<Audience, "both">): ReadonlyMap<string, Tool> {
  const tools = [...READ_TOOLS, ...WRITE_TOOLS].flatMap((declaration): Tool[] => {
    const actions = Object.entries(declaration.actions)
      .filter(([, { audience: of = "both" }]) => of === "both" || of === audience)
      .map(([name, action]): [string, Action] => [name, toAction(name, action, audience)]);
    return actions.length === 0 ? [] : [{ declaration, actions: new Map(actions) }];
  });
  return new Map(tools.map((tool) => [tool.declaration.name, tool]));
}

function toAction(name: string, action: ToolAction, audience: Audience): Action {
  const route = routeOf(action.operation);
  const preview = action.preview === undefined ? null : routeOf(action.preview);
  const query = (route.query?.["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const isPaged = Object.hasOwn(query, "limit");
  return {
    name,
    route,
    invoke: invoker(route),
    defaults: action.defaults ?? {},
    parameters: parametersOf(action, route, query, audience),
    isPaged,
    preview: preview === null ? null : { route: preview, invoke: invoker(preview) },
  };
}

function parametersOf(
  { query: shown = [], body = [] }: ToolAction,
  route: Route,
  query: Readonly<Record<string, JsonSchema>>,
  audience: Audience,
): ReadonlyMap<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  for (const [, name] of route.path.matchAll(/:(\w+)/g)) {
    // The address of the MCP endpoint names the application.
    if (name === "app_id" && audience === "application") continue;
    const schema = { type: "string", minLength: 1, maxLength: 256, description: PATH_DESCRIPTIONS[name!] };
    parameters.set(argumentOf(name!), { place: "path", name: name!, schema, required: true });
  }
  for (const name of shown) {
    if (name === "app_id" && audience === "application") continue;
    parameters.set(argumentOf(name), { place: "query", name, schema: inlined(query[name]!), required: false });
  }
  if (Object.hasOwn(query, "limit")) {
    parameters.set("limit", { place: "query", name: "limit", schema: PAGING.limit, required: false });
    if (Object.hasOwn(query, "iterator"))
      parameters.set("cursor", { place: "query", name: "iterator", schema: PAGING.cursor, required: false });
  }
  const fields = body.length === 0 ? {} : bodyOf(route);
  for (const name of body) {
    const { schema, required } = fields[name] ?? missingField(route, name);
    parameters.set(name, { place: "body", name, schema: inlined(schema), required });
  }
  return parameters;
}

function missingField({ operationId }: Route, name: string): never {
  throw new Error(`The body of ${operationId} has no field ${name}.`);
}

/** Fields of the body of a route. */
function bodyOf({
  body,
}: Route): Readonly<Record<string, { readonly schema: JsonSchema; readonly required: boolean }>> {
  const schema = resolved(body as TSchema as JsonSchema);
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const properties = schema["properties"] as Readonly<Record<string, JsonSchema>>;
  return Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, { schema: one, required: required.has(name) }]),
  );
}

function resolved(schema: JsonSchema): JsonSchema {
  const reference = schema["$ref"];
  return typeof reference === "string" ? models.get(reference.replace("#", ""))! : schema;
}

/** Keywords that describe a parameter. Marks and defaults of the API are left out. */
const KEYWORDS = [
  "type",
  "enum",
  "const",
  "description",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "format",
] as const;
const MAX_DEPTH = 4;

/** A schema without references, as clients need it. */
function inlined(given: JsonSchema, depth = 0): JsonSchema {
  const schema = resolved(given);
  if (depth > MAX_DEPTH) return {};
  const { items, anyOf, properties } = schema as {
    readonly items?: JsonSchema;
    readonly anyOf?: readonly JsonSchema[];
    readonly properties?: Readonly<Record<string, JsonSchema>>;
  };
  const result: Record<string, unknown> = {};
  for (const keyword of KEYWORDS) if (schema[keyword] !== undefined) result[keyword] = schema[keyword];
  if (given["description"] !== undefined) result["description"] = given["description"];
  if (items !== undefined && !Array.isArray(items)) result["items"] = inlined(items, depth + 1);
  if (anyOf !== undefined) result["anyOf"] = anyOf.map((part) => inlined(part, depth + 1));
  if (properties !== undefined) {
    result["properties"] = Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, inlined(one, depth + 1)]),
    );
  }
  return result;
}

const PATH_DESCRIPTIONS: Readonly<Record<string, string>> = {
  app_id: "ID or uid of the application, or ID of a source.",
  endpoint_id: "ID or uid of the endpoint.",
  msg_id: "ID of the message.",
  attempt_id: "ID of the attempt.",
  source_id: "ID of the source.",
  event_id: "ID of the event.",
  request_id: "ID of the request in quarantine.",
  replay_id: "ID of the replay.",
  event_type_name: "Name of the event type.",
  event_type: "Name of the event type.",
};

function argumentOf(param: string): string {
  const stem = param.replace(/_(?:id|name)$/, "");
  return stem === "msg" ? "message" : stem;
}

/** Whether the caller may call an action in some application: others are not offered. */
export function isOffered(actor: Actor, { route }: Pick<Action, "route">): boolean {
  try {
    const single = actor.kind === "organisation" ? [...(actor.grant.inApplication?.values() ?? [])] : [];
    if (single.some((permissions) => permissions.has(route.permission))) return true;
    requireAccess(actor, route);
    return true;
  } catch {
    return false;
  }
}

/** The tool as `tools/list` shows it to this caller; `null`: it may call none of its actions. */
export function describedTool(actor: Actor, { declaration, actions }: Tool): object | null {
  const offered = [...actions.values()].filter((action) => isOffered(actor, action));
  if (offered.length === 0) return null;
  const { name, title, description, kind } = declaration;
  const isRead = kind === "read";
  return {
    name,
    title,
    description: offered.length === 1 ? description : `${description}\n\n${summariesOf(declaration, offered)}`,
    inputSchema: inputSchemaOf(declaration, offered, actions.size > 1),
    outputSchema: RESULT_SCHEMA,
    annotations: {
      title,
      readOnlyHint: isRead,
      destructiveHint: false,
      idempotentHint: isRead,
      // Payloads, responses and names come from outside.
      openWorldHint: true,
    },
  };
}

function summariesOf({ actions }: ToolDeclaration, offered: readonly Action[]): string {
  return offered
    .map(({ name, parameters }) => {
      const needed = [...parameters].filter(([, { required }]) => required).map(([argument]) => argument);
      return `- ${name}${needed.length === 0 ? "" : ` (${needed.join(", ")})`}: ${actions[name]!.summary}`;
    })
    .join("\n");
}

function inputSchemaOf({ kind }: ToolDeclaration, offered: readonly Action[], hasChoice: boolean): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  if (hasChoice) properties["action"] = { type: "string", enum: offered.map(({ name }) => name) };
  for (const { parameters } of offered)
    for (const [argument, { schema }] of parameters) properties[argument] ??= schema;
  if (kind === "write") Object.assign(properties, { dry_run: DRY_RUN, ...CHANGES });
  const common = [...offered[0]!.parameters]
    .filter(([argument]) => offered.every(({ parameters }) => parameters.get(argument)?.required === true))
    .map(([argument]) => argument);
  const required = [...(hasChoice ? ["action"] : []), ...common];
  return {
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}
