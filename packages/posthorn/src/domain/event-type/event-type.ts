import type { Selectable } from "kysely";
import type { EventTypeTable } from "../../store/schema.ts";
import type { Actor } from "../access.ts";

/** A type of event that the product publishes. Times are Unix milliseconds. */
export interface EventType {
  readonly name: string;
  readonly description: string;
  readonly archived: boolean;
  readonly deprecated: boolean;
  /** JSON Schemas by version; `null` if there are none. */
  readonly schemas: Record<string, unknown> | null;
  readonly featureFlags: readonly string[] | null;
  readonly groupName: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type EventTypeInput = Omit<EventType, "createdAt" | "updatedAt">;

export function toEventType(row: Selectable<EventTypeTable>): EventType {
  return {
    name: row.name,
    description: row.description,
    archived: row.archived === 1,
    deprecated: row.deprecated === 1,
    schemas: row.schemas_json === null ? null : (JSON.parse(row.schemas_json) as Record<string, unknown>),
    featureFlags: row.feature_flags_json === null ? null : (JSON.parse(row.feature_flags_json) as string[]),
    groupName: row.group_name,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Columns of an event type. Its schemas must have been checked: see `checkSchemas`. */
export function toColumns(input: EventTypeInput): Omit<EventTypeTable, "id" | "org_id" | "created_at" | "updated_at"> {
  return {
    name: input.name,
    description: input.description,
    archived: input.archived ? 1 : 0,
    deprecated: input.deprecated ? 1 : 0,
    schemas_json: input.schemas === null ? null : JSON.stringify(input.schemas),
    feature_flags_json: input.featureFlags === null ? null : JSON.stringify(input.featureFlags),
    group_name: input.groupName,
  };
}

/** Tokens of an application can see event types without feature flags, and those with one of their own flags. */
export function isVisible(eventType: Pick<EventType, "featureFlags">, actor: Actor): boolean {
  if (actor.kind === "organisation" || eventType.featureFlags === null) return true;
  return eventType.featureFlags.some((flag) => actor.featureFlags.has(flag));
}
