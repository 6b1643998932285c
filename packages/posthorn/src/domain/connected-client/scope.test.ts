import { describe, expect, it } from "vitest";
import { systemActor } from "../access.ts";
import { FULL_GRANT, PERMISSIONS } from "../grant.ts";
import {
  limitedTo,
  mayWrite,
  READ_PERMISSIONS,
  READ_SCOPE,
  scopesOf,
  WRITE_PERMISSIONS,
  WRITE_SCOPE,
} from "./scope.ts";

const full = { ...systemActor(1, "org_1"), grant: FULL_GRANT } as Parameters<typeof limitedTo>[0];

describe("scopes", () => {
  it("always include reading, and leave out unknown scopes", () => {
    expect(scopesOf("")).toEqual([READ_SCOPE]);
    expect(scopesOf("openid offline_access mcp:admin mcp:writes")).toEqual([READ_SCOPE]);
    expect(scopesOf("mcp:write")).toEqual([READ_SCOPE, WRITE_SCOPE]);
  });

  it("limit the rights of a person in the organisation and in single applications, and add none", () => {
    const read = limitedTo(full, [READ_SCOPE]).grant;
    expect([...read.permissions].toSorted()).toEqual([...READ_PERMISSIONS].toSorted());
    const write = limitedTo(full, [READ_SCOPE, WRITE_SCOPE]).grant;
    expect([...write.permissions].toSorted()).toEqual([...READ_PERMISSIONS, ...WRITE_PERMISSIONS].toSorted());
    const single = {
      ...full,
      grant: {
        permissions: new Set(["read"] as const),
        applications: new Set([7]),
        inApplication: new Map([[7, new Set(PERMISSIONS)]]),
      },
    };
    const limited = limitedTo(single, [READ_SCOPE, WRITE_SCOPE]).grant;
    expect([...limited.permissions]).toEqual(["read"]);
    expect(limited.applications).toEqual(new Set([7]));
    expect(limited.inApplication?.get(7)?.has("keys:manage")).toBe(false);
    expect([mayWrite(single), mayWrite(limitedTo(single, [READ_SCOPE]))]).toEqual([true, false]);
  });
});
