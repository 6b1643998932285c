/** Operational webhooks: messages about the server's own work, sent to endpoints of the organisation. */
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Application } from "../application/application.ts";
import type { Context } from "../context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { OperationalEventType } from "./events.ts";
import type { Tx } from "../../store/tx.ts";

/** Uid of the hidden application of an organisation that contains the operational endpoints. */
export const OPERATIONAL_UID = "operational";

/** Context in which operations on applications and endpoints apply to the operational ones. */
export function operational<Ctx extends Context>(ctx: Ctx): Ctx {
  return { ...ctx, applicationKind: APPLICATION_KIND.operational };
}

/** Whether the context is for customer applications. Only their changes are announced, so that events cannot cause further events. */
export function isCustomers(ctx: Context): boolean {
  return (ctx.applicationKind ?? APPLICATION_KIND.customer) === APPLICATION_KIND.customer;
}

/** Announces a change of a customer's endpoint in the transaction of the change. */
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
