/** Roles of groups as text: one rule per line, `group = role`, or `group = role @ app_…` for one application. */

export interface GroupRole {
  readonly group: string;
  readonly role: string;
  readonly app: string | null;
}

const RULE = /^(?<group>.+?)\s*=\s*(?<role>[a-z]+)(?:\s*@\s*(?<app>app_\w+))?$/;

/** The rules in a text, or the first line that is not a rule. */
export function parseGroupRoles(text: string): { readonly roles: readonly GroupRole[] } | { readonly badLine: string } {
  const roles: GroupRole[] = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    const { group, role, app } = RULE.exec(line)?.groups ?? {};
    if (group === undefined || role === undefined) return { badLine: line };
    roles.push({ group, role, app: app ?? null });
  }
  return { roles };
}

export function groupRolesText(roles: readonly GroupRole[]): string {
  return roles.map(({ group, role, app }) => `${group} = ${role}${app === null ? "" : ` @ ${app}`}`).join("\n");
}
