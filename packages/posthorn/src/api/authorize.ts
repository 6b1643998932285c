/** Checks whether a caller may call a route, and limits it to the application that the route names. */
import { findApplication } from "../domain/application/find.ts";
import { type Actor, inApplication, isLimited, requireAccess, requireWholeOrganisation } from "../domain/access.ts";
import type { Services } from "../domain/context.ts";
import { findSource } from "../domain/source/find.ts";
import { notFound } from "../lib/errors.ts";
import type { Route } from "./route.ts";

type AuthorizedRoute = Pick<Route, "access" | "permission" | "path" | "filtersApplications" | "withoutSecondFactor">;
type Params = { readonly app_id?: string; readonly source_id?: string };

/**
 * Returns the actor with which the route is called, or throws. Only callers that are limited to some applications need a look-up: a route below
 * an application or source is checked against that one; of the other routes, they may call those that filter their results.
 */
export function authorize(
  services: Services,
  actor: Actor,
  route: AuthorizedRoute,
  params: unknown,
): Actor | Promise<Actor> {
  if (isLimited(actor)) return limited(services, actor, route, params as Params);
  requireAccess(actor, route);
  return actor;
}

async function limited(
  services: Services,
  actor: Extract<Actor, { readonly kind: "organisation" }>,
  route: AuthorizedRoute,
  { app_id: app, source_id: source }: Params,
): Promise<Actor> {
  const ctx = { services, actor, tx: null };
  const named = app !== undefined ? findApplication(ctx, app) : source !== undefined ? findSource(ctx, source) : null;
  if (named === null) {
    requireAccess(actor, route);
    if (route.filtersApplications !== true) requireWholeOrganisation(actor);
    return actor;
  }
  const found = await named;
  if (found === null) {
    // May create the application, which needs access to the whole organisation.
    requireAccess(actor, route);
    if (actor.grant.applications === null) return actor;
    throw notFound(app === undefined ? "source" : "application");
  }
  const narrowed = inApplication(actor, found.key);
  requireAccess(narrowed, route);
  return narrowed;
}
