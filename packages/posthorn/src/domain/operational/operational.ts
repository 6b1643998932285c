/** What operational webhooks are: messages about the server's own work, to endpoints of the organisation. */
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import type { Application } from "../application/application.ts";
import type { Context } from "../context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";

/** Every type that is ever sent; the names are those of the HTTP API. */
export const OPERATIONAL_EVENT_TYPES = [
  "background_task.finished",
  "endpoint.created",
  "endpoint.deleted",
  "endpoint.disabled",
  "endpoint.enabled",
  "endpoint.updated",
  "endpoint.warning",
  "message.attempt.exhausted",
  "message.attempt.failing",
  "message.attempt.recovered",
  "source.backfilled",
  "source.recovered",
  "source.schema_changed",
  "source.inactive",
] as const;
export type OperationalEventType = (typeof OPERATIONAL_EVENT_TYPES)[number];

export interface OperationalEvent {
  readonly orgId: number;
  readonly type: OperationalEventType;
  /** The member `data` of the body. Holds no secret, and no URL, which can be one. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where verbs say what they did. */
export interface Announcer {
  /** Writes the event in the transaction of what it tells; nothing when nobody of the organisation listens to its type. */
  announce(tx: Tx, event: OperationalEvent): Promise<void>;
  /** There is, or may be, something that was announced. */
  wake(): void;
}

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
