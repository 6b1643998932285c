/** Filter of the audit log, which is in the URL of the page. */

export interface AuditFilter {
  readonly type?: "change" | "view";
  /** Kind of the actor. */
  readonly by?: "user" | "key" | "token" | "application" | "link" | "system";
  /** Id of what was changed or viewed. */
  readonly target?: string;
  readonly range?: "24h" | "7d" | "30d";
}

const TYPES: ReadonlySet<string> = new Set(["change", "view"]);
const ACTORS: ReadonlySet<string> = new Set(["user", "key", "token", "application", "link", "system"]);
const HOURS: Readonly<Record<string, number>> = { "24h": 24, "7d": 168, "30d": 720 };

/** Reads the filter from search parameters, and ignores invalid values. */
export function toAuditFilter(search: Readonly<Record<string, unknown>>): AuditFilter {
  const { type, by, target, range } = search;
  return {
    ...(typeof type === "string" && TYPES.has(type) ? { type: type as "change" } : {}),
    ...(typeof by === "string" && ACTORS.has(by) ? { by: by as "user" } : {}),
    ...(typeof target === "string" && target !== "" ? { target } : {}),
    ...(typeof range === "string" && Object.hasOwn(HOURS, range) ? { range: range as "24h" } : {}),
  };
}

/** Query parameters of the API for a filter. */
export function auditQuery({ type, by, target, range }: AuditFilter, now: number) {
  return {
    ...(type === undefined ? {} : { type }),
    ...(by === undefined ? {} : { actor_kind: by }),
    ...(target === undefined ? {} : { target }),
    // Rounded to the minute, so that the same filter has the same query key.
    ...(range === undefined
      ? {}
      : { after: new Date(Math.floor(now / 60_000) * 60_000 - HOURS[range]! * 3_600_000).toISOString() }),
  };
}
