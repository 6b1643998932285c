import { notFound } from "../../lib/errors.ts";
import { type Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { matches } from "../application/resource.ts";
import { type Context, reader } from "../context.ts";
import { type Endpoint, toEndpoint } from "./endpoint.ts";

export interface EndpointRef {
  /** Id or uid of the application. */
  readonly app: string;
  /** Id or uid of the endpoint. */
  readonly endpoint: string;
}

export async function findEndpoint(ctx: Context, application: Application, ref: string): Promise<Endpoint | null> {
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .selectAll()
    .where(matches(application, { prefix: "ep_", ref, hasUid: true }))
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return null;
  const endpoint = toEndpoint(ctx, row);
  ctx.audit?.found(ref, endpoint.id, auditName(endpoint));
  return endpoint;
}

/** Name of an endpoint in the audit log. URLs can contain secrets. */
export function auditName({ description, uid }: Pick<Endpoint, "description" | "uid">): string | null {
  return description || uid;
}

/** Returns the endpoint and its application. Throws `not_found`. */
export async function getEndpoint(
  ctx: Context,
  ref: EndpointRef,
): Promise<{ readonly application: Application; readonly endpoint: Endpoint }> {
  const application = await getApplication(ctx, ref.app);
  const endpoint = await findEndpoint(ctx, application, ref.endpoint);
  if (endpoint === null) throw notFound("endpoint");
  return { application, endpoint };
}
