import type { Selectable } from "kysely";
import { invalid, PosthornError } from "../../lib/errors.ts";
import { APPLICATION_KIND, type EndpointTable } from "../../store/schema.ts";
import { metadataJson } from "../application/application.ts";
import { egressAllowOf } from "../application/egress.ts";
import { type Context, reader } from "../context.ts";
import type { ShownConfig } from "../../fields/config.ts";
import { shownConfigOf, type TargetInput } from "./sealed-config.ts";
import { isVisible, toEventType } from "../event-type/event-type.ts";
import { OPERATIONAL_EVENT_TYPES } from "../operational/events.ts";
import { isOwnCapture } from "../source/own-capture.ts";

/** A customer's URL and its subscriptions. Times are Unix milliseconds. */
export interface Endpoint {
  readonly key: number;
  readonly id: string;
  readonly appKey: number;
  /** Name of its destination kind. */
  readonly kind: string;
  /** Configuration of its kind without secrets; `null`: the kind has none. */
  readonly config: ShownConfig | null;
  readonly uid: string | null;
  /** URL of a webhook; for other kinds, where messages go, without secrets. */
  readonly url: string;
  readonly description: string;
  readonly version: number;
  readonly throttleRate: number | null;
  readonly disabled: boolean;
  readonly eventTypes: readonly string[] | null;
  readonly channels: readonly string[] | null;
  readonly metadata: Record<string, string>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

type ComputedField = "key" | "id" | "appKey" | "kind" | "config" | "createdAt" | "updatedAt";

export type EndpointInput = Omit<Endpoint, ComputedField | "url"> & TargetInput;

export function toEndpoint({ services }: Context, row: Selectable<EndpointTable>): Endpoint {
  return {
    key: row.id,
    id: row.public_id,
    appKey: row.app_id,
    kind: row.kind,
    config: shownConfigOf(services.secretBox, row),
    uid: row.uid,
    url: row.url,
    description: row.description,
    version: row.version,
    throttleRate: row.throttle_rate,
    disabled: row.disabled === 1,
    eventTypes: row.event_types_json === null ? null : (JSON.parse(row.event_types_json) as string[]),
    channels: row.channels_json === null ? null : (JSON.parse(row.channels_json) as string[]),
    metadata: JSON.parse(row.metadata_json) as Record<string, string>,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

type EndpointColumns = Omit<
  EndpointTable,
  | "id"
  | "public_id"
  | "app_id"
  | "headers_sealed"
  | "egress_sealed"
  | "policy_json"
  | "disabled_json"
  | "verification_json"
  | "filter_json"
  | "transformation_sealed"
  | "transformation_enabled"
  | "created_at"
  | "updated_at"
  | "deleted_at"
  | "replay_task_id"
  | "flow_json"
  | "forward_json"
  | "listened_at"
  | "kind"
  | "config_sealed"
>;

export function toColumns(input: Omit<Endpoint, ComputedField>): EndpointColumns {
  return {
    uid: input.uid,
    url: input.url,
    description: input.description,
    version: input.version,
    throttle_rate: input.throttleRate,
    disabled: input.disabled ? 1 : 0,
    event_types_json: input.eventTypes === null ? null : JSON.stringify(input.eventTypes),
    channels_json: input.channels === null ? null : JSON.stringify(input.channels),
    metadata_json: metadataJson(input.metadata),
  };
}

/** Returns the normalised URL. Throws a 422 with the reason if it is not allowed. Captures of this server always are. */
export async function checkUrl(ctx: Context, appKey: number, url: string): Promise<string> {
  const allow = await egressAllowOf(ctx, appKey);
  try {
    return ctx.services.rules.normaliseUrl(url, allow);
  } catch (cause) {
    if (await isOwnCapture(ctx, url)) return url;
    throw invalid("url", cause instanceof Error ? cause.message : String(cause));
  }
}

/** Checks that added event types exist, are not archived and are visible to the actor. Existing subscriptions remain valid. */
export async function checkEventTypes(
  ctx: Context,
  wanted: readonly string[] | null,
  kept: readonly string[] | null,
): Promise<void> {
  const added = [...new Set(wanted)].filter((name) => !kept?.includes(name));
  // Event types of a source come from its provider and are not declared.
  if (added.length === 0 || ctx.applicationKind === APPLICATION_KIND.source) return;
  if (ctx.applicationKind === APPLICATION_KIND.operational) {
    checkOperationalTypes(added);
    return;
  }
  const rows = await reader(ctx)
    .selectFrom("event_type")
    .selectAll()
    .where("org_id", "=", ctx.actor.orgId)
    .where("archived", "=", 0)
    .where("name", "in", added)
    .execute();
  const known = new Set(
    rows
      .map(toEventType)
      .filter((row) => isVisible(row, ctx.actor))
      .map((row) => row.name),
  );
  const unknown = added.find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid("eventTypes", `There is no event type "${unknown}". Create it first.`);
}

function checkOperationalTypes(names: readonly string[]): void {
  const known: readonly string[] = OPERATIONAL_EVENT_TYPES;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw invalid(
    "eventTypes",
    `There is no operational webhook type "${unknown}". Available types: ${known.join(", ")}.`,
  );
}

export function uidClash(uid: string | null, cause: unknown): PosthornError {
  return new PosthornError("conflict", `An endpoint with the uid "${uid}" already exists in this application.`, {
    cause,
  });
}
