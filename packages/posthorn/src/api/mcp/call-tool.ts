/** Calls a tool: an operation of the API, with its access, its validation, its audit entry and its masks. */
import { type Actor, payloadView } from "../../domain/access.ts";
import type { Services } from "../../domain/context.ts";
import { PosthornError } from "../../lib/errors.ts";
import { parseExact, rounded } from "../../lib/exact-json.ts";
import { authorize } from "../authorize.ts";
import { parseBody, type ParsedBody } from "../body.ts";
import { errorReply, internalErrorReply } from "../error-reply.ts";
import { type FailedRequest, failureReply } from "../failure.ts";
import { maskReply } from "../mask-reply.ts";
import type { Reply } from "../reply.ts";
import type { RequestLog } from "../request-log/buffer.ts";
import { errorCodeOf } from "../request-log/error-code.ts";
import type { Route } from "../route.ts";
import { bodyValidator, queryValidator } from "../validation.ts";
import { bounded } from "./bounded.ts";
import type { Params } from "./protocol.ts";
import type { Action, Parameter, Tool } from "./registry.ts";
import { DEFAULT_LIMIT } from "./shared-schemas.ts";

/** Caller of the tools of one MCP endpoint. */
export interface ToolCaller {
  readonly services: Services;
  readonly actor: Actor;
  /** Scopes idempotency keys. */
  readonly secret: string;
  /** Application that the endpoint is for; `null`: the organisation. */
  readonly app: string | null;
  readonly userAgent: string | undefined;
  readonly ip: string;
  /** Aborted when the client disconnects. */
  readonly disconnected: () => AbortSignal;
  /** The request, for the log. */
  readonly request: FailedRequest;
  /** Log of API requests, which has an entry for each operation; `null`: requests are not logged. */
  readonly requests: Pick<RequestLog, "answered"> | null;
  /** The `x-request-id` header. */
  readonly clientRequestId: string | string[] | undefined;
}

/** `CallToolResult` of the protocol. Errors of a call are results too, so that the model sees them. */
export async function callTool(caller: ToolCaller, tool: Tool, given: Params): Promise<object> {
  try {
    const action = actionOf(tool, given);
    const request = requestOf(tool, action, given, caller.app);
    const result =
      tool.declaration.kind === "write" && given["dry_run"] !== false
        ? await dryRun(caller, action, request)
        : await perform(caller, action, request, given["idempotency_key"]);
    return resultOf(caller, tool, action, request, result);
  } catch (error) {
    const { status, json } = failureReply(error, caller.request);
    return {
      content: [{ type: "text", text: JSON.stringify({ status, ...(JSON.parse(json ?? "{}") as object) }) }],
      isError: true,
    };
  }
}

function actionOf({ declaration, actions }: Tool, { action: name }: Params): Action {
  const names = [...actions.keys()];
  const found = actions.get(names.length === 1 && name === undefined ? names[0]! : String(name));
  if (found !== undefined) return found;
  throw new PosthornError("bad_request", `The tool ${declaration.name} needs \`action\`: one of ${names.join(", ")}.`);
}

/** The request of an operation, without absent parts. */
export interface ToolRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const COMMON: ReadonlySet<string> = new Set(["action"]);
const OF_WRITES: ReadonlySet<string> = new Set(["action", "dry_run", "idempotency_key"]);

function requestOf({ declaration }: Tool, action: Action, given: Params, app: string | null): ToolRequest {
  const { name, parameters, defaults, isPaged } = action;
  const common = declaration.kind === "write" ? OF_WRITES : COMMON;
  for (const argument of Object.keys(given)) {
    if (parameters.has(argument) || common.has(argument)) continue;
    const known = [...parameters.keys()].join(", ");
    throw new PosthornError(
      "bad_request",
      `The action ${name} of ${declaration.name} has no parameter ${JSON.stringify(argument)}. It has: ${known}.`,
    );
  }
  if (declaration.kind === "write") checkChange(given);
  const params: Record<string, string> = app === null ? {} : { app_id: app };
  const query: Record<string, unknown> = { ...defaults, ...(isPaged ? { limit: DEFAULT_LIMIT } : {}) };
  const body: Record<string, unknown> = {};
  for (const [argument, parameter] of parameters) {
    const value = given[argument];
    if (value === undefined || value === null) requireGiven(argument, action, parameter);
    else if (parameter.place === "path") params[parameter.name] = pathValue(argument, value);
    else if (parameter.place === "query") query[parameter.name] = rounded(value);
    else body[parameter.name] = value;
  }
  return { params, query, body };
}

/** A write is only carried out if the caller explicitly asks for it. */
function checkChange({ dry_run: dry, idempotency_key: key }: Params): void {
  if (dry !== undefined && typeof dry !== "boolean")
    throw new PosthornError("bad_request", "`dry_run` must be true or false.");
  if (key !== undefined && typeof key !== "string")
    throw new PosthornError("bad_request", "`idempotency_key` must be a string.");
}

function requireGiven(argument: string, { name }: Action, { required, schema }: Parameter): void {
  if (!required) return;
  const description = typeof schema["description"] === "string" ? ` ${schema["description"]}` : "";
  throw new PosthornError("bad_request", `The action ${name} needs \`${argument}\`.${description}`);
}

function pathValue(argument: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && value.length <= 256) return value;
  throw new PosthornError("bad_request", `\`${argument}\` must be a string of 1 to 256 characters.`);
}

export type Operation = Pick<Action, "route" | "invoke">;

/** Calls an operation as a request to the API would, and logs it. Returns what the caller may see, and never a secret. */
export async function perform(
  caller: ToolCaller,
  operation: Operation,
  request: ToolRequest,
  key?: unknown,
): Promise<unknown> {
  const { method, path, operationId } = operation.route;
  const { requests, actor, clientRequestId } = caller;
  const start = performance.now();
  const answered = (reply: Reply): void =>
    requests?.answered({
      actor,
      method,
      route: path,
      operation: operationId,
      status: reply.status,
      errorCode: errorCodeOf(reply),
      durationMs: performance.now() - start,
      clientRequestId,
    });
  try {
    const { reply, shown } = await invoked(caller, operation, request, key);
    answered(reply);
    return shown;
  } catch (error) {
    answered(errorReply(error) ?? internalErrorReply());
    throw error;
  }
}

async function invoked(
  { services, actor, secret, userAgent, ip, disconnected }: ToolCaller,
  { route, invoke }: Operation,
  { params, query, body }: ToolRequest,
  key: unknown,
): Promise<{ readonly reply: Reply; readonly shown: unknown }> {
  const authorized = await authorize(services, actor, route, params);
  const reply = await invoke(services, {
    actor: authorized,
    caller: secret,
    url: urlOf(route, params),
    params,
    query: { ...query },
    body: jsonBody(body),
    idempotencyKey: typeof key === "string" ? key : undefined,
    userAgent,
    ip,
    disconnected,
  });
  const { json } = await maskReply(route, reply, { payloads: payloadView(authorized), secrets: false });
  return { reply, shown: json === null ? null : parseExact(json) };
}

function urlOf({ path }: Route, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}

function jsonBody(body: object): ParsedBody {
  return parseBody(Buffer.from(JSON.stringify(body)));
}

/** Checks a write, and shows it. Nothing is changed. */
async function dryRun(caller: ToolCaller, { route, preview }: Action, request: ToolRequest): Promise<object> {
  await authorize(caller.services, caller.actor, route, request.params);
  if (route.query !== undefined) queryValidator(route.query)({ ...request.query });
  if (route.body !== undefined) bodyValidator(route.body)(rounded(request.body));
  const shown = preview === null ? undefined : await perform(caller, preview, previewed(preview.route, request));
  return {
    would: { method: route.method, path: urlOf(route, request.params), body: request.body },
    ...(shown === undefined ? {} : { [preview!.route.method === "GET" ? "current" : "plan"]: shown }),
    next: "Nothing was changed. To make the change, call the tool with the same arguments and dry_run: false.",
  };
}

/** The request, reduced to the parameters that the preview operation has. */
function previewed({ method, body }: Route, request: ToolRequest): ToolRequest {
  if (method === "GET") return { ...request, query: {}, body: {} };
  const { properties = {} } = (body ?? {}) as { readonly properties?: object };
  const known = Object.entries(request.body).filter(([name]) => Object.hasOwn(properties, name));
  return { ...request, body: Object.fromEntries(known) };
}

function resultOf(
  { actor, app }: ToolCaller,
  { declaration }: Tool,
  { route, isPaged }: Action,
  { params }: ToolRequest,
  found: unknown,
): object {
  const { value, isShortened } = bounded(found);
  const cursor = isPaged ? nextCursor(found) : null;
  const application = params["app_id"] ?? app;
  const result = {
    scope: {
      organisation: actor.orgPublicId,
      ...(application === null ? {} : { application }),
      operation: route.operationId,
    },
    untrusted: true,
    data: value,
    ...(cursor === null ? {} : { next_cursor: cursor }),
    ...(isShortened ? { truncated: SHORTENED } : {}),
    ...(declaration.kind === "write" ? { dry_run: hasPlan(found) } : {}),
  };
  return { content: [{ type: "text", text: JSON.stringify(result) }], structuredContent: result, isError: false };
}

const SHORTENED =
  "Long texts and lists were shortened. Ask for fewer results with `limit`, or for one object by its ID; the API and the dashboard show all of it.";

function hasPlan(found: unknown): boolean {
  return typeof found === "object" && found !== null && "would" in found;
}

/** Cursor of the next page; `null`: there is none. Feeds always have one, because more can come. */
function nextCursor(page: unknown): string | null {
  const { iterator, cursor, done } = (page ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof cursor === "string") return cursor;
  return done === false && typeof iterator === "string" ? iterator : null;
}
