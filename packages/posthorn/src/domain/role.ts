/** Roles of people: names for sets of permissions, for a whole organisation or for single applications. */
import { type Grant, type Permission, PERMISSIONS } from "./grant.ts";

export const ROLES = ["owner", "admin", "developer", "support", "viewer", "auditor"] as const;
export type Role = (typeof ROLES)[number];

const ALL: ReadonlySet<Permission> = new Set(PERMISSIONS);

/** Permissions of each role. The reference of roles in the docs is generated from this table. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  owner: ALL,
  admin: new Set(PERMISSIONS.filter((permission) => permission !== "organisations:manage")),
  developer: new Set([
    "read",
    "payloads:masked",
    "payloads:read",
    "secrets:read",
    "messages:publish",
    "messages:replay",
    "messages:delete",
    "applications:write",
    "endpoints:write",
    "event-types:write",
    "sources:write",
    "watches:write",
    "views:share",
    "tokens:issue",
  ]),
  support: new Set(["read", "payloads:masked", "messages:replay", "views:share"]),
  viewer: new Set(["read"]),
  auditor: new Set(["read", "audit:read"]),
};

export function isRole(name: string): name is Role {
  return (ROLES as readonly string[]).includes(name);
}

/** Role of a person in an organisation. */
export interface Membership {
  readonly role: Role;
  /** Key of the application that the role is limited to; `null`: the whole organisation. */
  readonly appKey: number | null;
}

/**
 * Permissions of a person with these memberships of one organisation. A role in a single application adds to the role in the organisation.
 * Without a role in the organisation, operations that span applications are allowed if the roles in all of these applications allow them.
 */
export function grantOf(memberships: readonly Membership[]): Grant {
  const whole = memberships.filter(({ appKey }) => appKey === null);
  const base = union(whole.map(({ role }) => ROLE_PERMISSIONS[role]));
  const inApplication = new Map<number, ReadonlySet<Permission>>();
  for (const { role, appKey } of memberships) {
    if (appKey === null) continue;
    inApplication.set(appKey, union([inApplication.get(appKey) ?? base, ROLE_PERMISSIONS[role]]));
  }
  if (whole.length > 0) return { permissions: base, applications: null, inApplication };
  const applications = new Set(inApplication.keys());
  return { permissions: intersection([...inApplication.values()]), applications, inApplication };
}

function union(sets: readonly ReadonlySet<Permission>[]): ReadonlySet<Permission> {
  return new Set(sets.flatMap((set) => [...set]));
}

function intersection([first, ...others]: readonly ReadonlySet<Permission>[]): ReadonlySet<Permission> {
  return new Set([...(first ?? [])].filter((permission) => others.every((set) => set.has(permission))));
}
