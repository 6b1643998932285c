import { describe, expect, it } from "vitest";
import { PERMISSIONS } from "./grant.ts";
import { grantOf, isRole, ROLE_PERMISSIONS, ROLES } from "./role.ts";

describe("roles", () => {
  it("give owners every permission, and admins all but the management of organisations", () => {
    expect([...ROLE_PERMISSIONS.owner]).toEqual([...PERMISSIONS]);
    expect([...ROLE_PERMISSIONS.owner].filter((name) => !ROLE_PERMISSIONS.admin.has(name))).toEqual([
      "organisations:manage",
    ]);
  });

  it.each(["support", "viewer", "auditor"] as const)(
    "do not let a %s see payloads or secrets, or change anything",
    (role) => {
      const changes = PERMISSIONS.filter((name) => /:(write|manage|publish|delete|issue)$/.test(name));
      const denied = [...changes, "payloads:read", "secrets:read"] as const;
      expect(denied.filter((name) => ROLE_PERMISSIONS[role].has(name))).toEqual([]);
    },
  );

  it("show masked payloads to every role that sees full ones", () => {
    const seeing = ROLES.filter((role) => ROLE_PERMISSIONS[role].has("payloads:read"));
    expect(seeing.filter((role) => !ROLE_PERMISSIONS[role].has("payloads:masked"))).toEqual([]);
  });

  it("are recognised by name", () => {
    expect(ROLES.every(isRole)).toBe(true);
    expect(isRole("root")).toBe(false);
  });
});

describe("the grant of a person", () => {
  it("of the whole organisation is that of the role, in all applications", () => {
    const grant = grantOf([{ role: "viewer", appKey: null }]);
    expect(grant).toEqual({ permissions: ROLE_PERMISSIONS.viewer, applications: null, inApplication: new Map() });
  });

  it("adds the role in one application to that in the organisation", () => {
    const grant = grantOf([
      { role: "auditor", appKey: null },
      { role: "support", appKey: 7 },
    ]);
    expect(grant.permissions).toEqual(ROLE_PERMISSIONS.auditor);
    expect(grant.applications).toBeNull();
    expect([...grant.inApplication!.get(7)!].toSorted()).toEqual(
      ["audit:read", "messages:replay", "payloads:masked", "read", "views:share"].toSorted(),
    );
  });

  it("across applications allows what the roles in all of them allow", () => {
    const grant = grantOf([
      { role: "developer", appKey: 7 },
      { role: "support", appKey: 8 },
    ]);
    expect([...grant.applications!]).toEqual([7, 8]);
    expect(grant.permissions).toEqual(new Set(["read", "payloads:masked", "messages:replay", "views:share"]));
    expect(grant.inApplication!.get(7)).toEqual(ROLE_PERMISSIONS.developer);
  });

  it("is empty without a membership", () => {
    expect(grantOf([])).toEqual({ permissions: new Set(), applications: new Set(), inApplication: new Map() });
  });
});
