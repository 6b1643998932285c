/** Which calls have an entry in the audit log, and what their entry is about. */
import { AuditTrail } from "../domain/audit/trail.ts";
import { fieldNames } from "../domain/audit/changes.ts";
import type { AuditTarget, AuditType } from "../domain/audit/entry.ts";
import { type Actor, payloadView } from "../domain/access.ts";
import type { Invocation } from "./invocation.ts";
import type { Route } from "./route.ts";

/** Kind of the entry of a successful call of this route; `null`: it has none. */
export function auditTypeOf(route: AuditedRoute): AuditType | null {
  const { audit, method, permission } = route;
  if (audit === "none") return null;
  if (audit === "change") return "change";
  if (audit === "view" || audit === "view by user") return "view";
  if (method !== "GET") return "change";
  return permission === "payloads:read" || permission === "secrets:read" ? "view" : null;
}

type AuditedRoute = Pick<Route, "audit" | "method" | "permission">;

/** Returns a function that starts the trail of a call, or returns `undefined` if it has no entry; `null`: no call of the route has one. */
export function trailFor(route: Route): ((call: Invocation) => AuditTrail | undefined) | null {
  const type = auditTypeOf(route);
  if (type === null) return null;
  const target = targetOf(route);
  const others = otherResources(route);
  return ({ actor, params, query, body, ip, userAgent, operator }) => {
    if (type === "view" && !isShown(route, actor, query as Query)) return undefined;
    return new AuditTrail({
      type,
      action: route.operationId,
      actor,
      target: target(params as Params),
      fields: fieldNames(body.value),
      facts: others(params as Params),
      operator: operator ?? null,
      ip: ip ?? null,
      userAgent: userAgent ?? null,
    });
  };
}

type Query = Readonly<Record<string, unknown>>;
type Params = Readonly<Record<string, string>>;

function isShown({ audit, auditWhen, permission }: Route, actor: Actor, query: Query): boolean {
  // Replies to this caller contain no payloads.
  if (permission !== "secrets:read" && payloadView(actor) === "none") return false;
  if (audit === "view by user" && !(actor.kind === "organisation" && actor.caller.kind === "user")) return false;
  return query["with_content"] !== false && (auditWhen?.(query as never) ?? true);
}

/** Names of path parameters that differ from the kind of what they identify. */
const KINDS: Readonly<Record<string, string>> = {
  app: "application",
  autoconfig: "subscription",
  msg: "message",
  connected_client: "connected-client",
  event: "message",
  event_type: "event-type",
  hook: "rest-hook",
  key: "api-key",
  sink: "endpoint",
  view: "saved-view",
};

/** Kinds of targets that no path names, where they are not a part of the operation id. */
const CREATED_KINDS: Readonly<Record<string, string>> = {
  "v1.authentication.create-api-key": "api-key",
  "v1.authentication.logout": "token",
  "v1.autoconfig.create": "subscription",
  "v1.message.broadcast": "task",
  "v1.rest-hook.token.create": "token",
};

function kindOf(param: string): string {
  const stem = param.replace(/_(?:id|name)$/, "");
  return KINDS[stem] ?? stem;
}

function paramsOf({ path }: Pick<Route, "path">): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
}

/** The resources in the path besides the application and the target. */
function otherResources(route: Route): (params: Params) => Readonly<Record<string, string>> {
  const others = paramsOf(route)
    .slice(0, isCreation(route) ? undefined : -1)
    .filter((param) => param !== "app_id");
  return (params) => Object.fromEntries(others.map((param) => [kindOf(param), params[param] ?? ""]));
}

function isCreation(route: Route): boolean {
  if (route.method !== "POST") return false;
  return (
    paramsOf(route).length === 0 ||
    /\.create(-|$)/.test(route.operationId) ||
    Object.hasOwn(CREATED_KINDS, route.operationId)
  );
}

/** The target is the last parameter of the path; without one, what the operation creates or concerns. */
function targetOf(route: Route): (params: Params) => AuditTarget | null {
  const { operationId } = route;
  const param = paramsOf(route).at(-1);
  if (param === undefined || isCreation(route)) {
    const kind = CREATED_KINDS[operationId] ?? operationId.split(".").at(-2)!;
    return () => ({ kind, id: null, name: null });
  }
  const kind = kindOf(param);
  return (params) => ({ kind, id: params[param] ?? null, name: null });
}

/** Adds the id of a created resource from the response of a call that wrote no transaction of its own. */
export function noteResponse(trail: AuditTrail, json: string | null): void {
  const id = json === null ? undefined : /^\{"id":"([\w-]{1,64})"/.exec(json)?.[1];
  if (id !== undefined) trail.setIdIfUnknown(id);
}
