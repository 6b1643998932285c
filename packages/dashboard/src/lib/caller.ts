/** Permissions of the caller, as reported by the server. */
import type { components } from "../api/schema.ts";

export type Caller = components["schemas"]["CurrentSessionOut"];
export type Permission = Caller["permissions"][number];

/**
 * Whether the caller has a permission. `app` is an application or source, by ID or `uid`; without one, the permission is needed for the
 * organisation as a whole.
 */
export function mayCall(caller: Caller, permission: Permission, app: string | undefined): boolean {
  const { permissions, applications, limited } = caller;
  if (app === undefined) return !limited && permissions.includes(permission);
  const own = applications.find(({ id, uid }) => id === app || uid === app);
  return (own?.permissions ?? permissions).includes(permission);
}

/** Whether the caller has a permission for the organisation, or in at least one application. */
export function maySomewhere({ permissions, applications }: Caller, permission: Permission): boolean {
  return permissions.includes(permission) || applications.some((own) => own.permissions.includes(permission));
}
