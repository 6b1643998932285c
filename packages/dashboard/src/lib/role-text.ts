import type { TFunction } from "i18next";
import type { components } from "../api/schema.ts";
import { users } from "../i18n/en/users.ts";

export type Role = NonNullable<components["schemas"]["UserOut"]["role"]>;

/** Roles, with the most rights first. */
export const ROLES = Object.keys(users.users.roles) as readonly Role[];

/** Name of a role in the language of the page. A role of a newer server has its own name. */
export function roleText(t: TFunction, role: string): string {
  const known = ROLES.find((name) => name === role);
  return known === undefined ? role : t(`users.roles.${known}`);
}
