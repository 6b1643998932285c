/** Columns of API keys that contain lists. */
import type { Selectable } from "kysely";
import type { ApiKeyTable } from "../../store/schema.ts";
import type { Permission } from "../grant.ts";
import type { KeyScopes } from "./key-limits.ts";

export function scopesOf(row: Pick<Selectable<ApiKeyTable>, "scopes_json" | "applications_json">): KeyScopes {
  return {
    permissions: row.scopes_json === null ? null : (JSON.parse(row.scopes_json) as Permission[]),
    applications: row.applications_json === null ? null : (JSON.parse(row.applications_json) as number[]),
  };
}

export function networksOf({
  networks_json,
}: Pick<Selectable<ApiKeyTable>, "networks_json">): readonly string[] | null {
  return networks_json === null ? null : (JSON.parse(networks_json) as string[]);
}

export function jsonOrNull(list: readonly unknown[] | null): string | null {
  return list === null ? null : JSON.stringify(list);
}
