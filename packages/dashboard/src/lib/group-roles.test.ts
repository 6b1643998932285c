import { describe, expect, it } from "vitest";
import { groupRolesText, parseGroupRoles } from "./group-roles.ts";

describe("rules for groups", () => {
  it("are read and written as lines", () => {
    const text = "platform team = admin\n/staff/support=support\nacme = viewer @ app_123";
    const roles = [
      { group: "platform team", role: "admin", app: null },
      { group: "/staff/support", role: "support", app: null },
      { group: "acme", role: "viewer", app: "app_123" },
    ];
    expect(parseGroupRoles(`\n${text}\n\n`)).toEqual({ roles });
    expect(parseGroupRoles(groupRolesText(roles))).toEqual({ roles });
  });

  it("can contain an equals sign in the name of the group", () => {
    expect(parseGroupRoles("cn=admins,dc=acme = admin")).toEqual({
      roles: [{ group: "cn=admins,dc=acme", role: "admin", app: null }],
    });
  });

  it.each(["platform", "= admin", "platform =", "platform = admin @ other"])("cannot be %j", (line) => {
    expect(parseGroupRoles(`a = viewer\n${line}`)).toEqual({ badLine: line.trim() });
  });
});
