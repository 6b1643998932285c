/** Scopes of access tokens for the MCP endpoint. They limit the rights of the person, and never add any. */
import type { Actor } from "../access.ts";
import type { Permission } from "../grant.ts";

export const READ_SCOPE = "mcp:read";
export const WRITE_SCOPE = "mcp:write";
export type ClientScope = typeof READ_SCOPE | typeof WRITE_SCOPE;

/** Permissions that reading tools use. Those that return payloads show as much as the role of the person allows. */
export const READ_PERMISSIONS: readonly Permission[] = ["read", "payloads:masked", "payloads:read"];

/** Permissions that writing tools use in addition. */
export const WRITE_PERMISSIONS: readonly Permission[] = [
  "messages:publish",
  "messages:replay",
  "endpoints:write",
  "sources:write",
];

/** The scopes in the text of a request or a row. Reading is always included, and unknown scopes are left out. */
export function scopesOf(text: string): readonly ClientScope[] {
  return text.split(" ").includes(WRITE_SCOPE) ? [READ_SCOPE, WRITE_SCOPE] : [READ_SCOPE];
}

/** The scopes of a grant that a client asks for. */
export function narrowed(granted: string, asked: string): string {
  const both = scopesOf(granted).filter((scope) => scopesOf(asked).includes(scope));
  return both.join(" ");
}

type OrganisationActor = Extract<Actor, { readonly kind: "organisation" }>;

/** The actor with the permissions of these scopes, as far as it has them. */
export function limitedTo(actor: OrganisationActor, scopes: readonly ClientScope[]): OrganisationActor {
  const allowed = new Set([...READ_PERMISSIONS, ...(scopes.includes(WRITE_SCOPE) ? WRITE_PERMISSIONS : [])]);
  const limited = (own: ReadonlySet<Permission>): ReadonlySet<Permission> =>
    new Set([...own].filter((permission) => allowed.has(permission)));
  const { permissions, applications, inApplication } = actor.grant;
  const single = [...(inApplication ?? [])].map(([key, own]) => [key, limited(own)] as const);
  return {
    ...actor,
    grant: {
      permissions: limited(permissions),
      applications,
      ...(inApplication === undefined ? {} : { inApplication: new Map(single) }),
    },
  };
}

/** Whether the actor may write anything with a token of all scopes. */
export function mayWrite({ grant }: OrganisationActor): boolean {
  const sets = [grant.permissions, ...(grant.inApplication?.values() ?? [])];
  return sets.some((own) => WRITE_PERMISSIONS.some((permission) => own.has(permission)));
}
