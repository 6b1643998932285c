/** What operational webhooks are: messages about the server's own work, to endpoints of the organisation. */
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Application } from "../application/application.ts";
import type { Context } from "../context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { OperationalEventType } from "./events.ts";
import type { Tx } from "../../store/tx.ts";

/** The hidden application of an organisation, under this uid, has the endpoints. */
export const OPERATIONAL_UID = "operational";

/** The context in which verbs of applications and endpoints work on the operational ones. */
export function operational<Ctx extends Context>(ctx: Ctx): Ctx {
  return { ...ctx, applicationKind: APPLICATION_KIND.operational };
}

/** Whether the context is about applications of customers. Only what happens to those is announced, so that nothing feeds on itself. */
export function isCustomers(ctx: Context): boolean {
  return (ctx.applicationKind ?? APPLICATION_KIND.customer) === APPLICATION_KIND.customer;
}

/** Says in the transaction of a verb what became of an endpoint of a customer. */
export async function announceEndpoint(
  ctx: Context,
  tx: Tx,
  type: OperationalEventType,
  subject: EndpointSubject,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  if (!isCustomers(ctx)) return;
  const { application, endpoint } = subject;
  const data = { appId: application.id, appUid: application.uid, endpointId: endpoint.id, endpointUid: endpoint.uid };
  await ctx.services.operational.announce(tx, { orgId: ctx.actor.orgId, type, data: { ...data, ...more } });
}

export interface EndpointSubject {
  readonly application: Pick<Application, "id" | "uid">;
  readonly endpoint: Pick<Endpoint, "id" | "uid">;
}
