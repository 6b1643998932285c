import { describe, expect, it } from "vitest";
import { type Caller, mayCall, maySomewhere } from "./caller.ts";

const CALLER: Caller = {
  kind: "user",
  organisation: "org_1",
  environment: null,
  permissions: ["read"],
  limited: false,
  secondFactorRequired: false,
  applications: [{ id: "app_1", uid: "acme", permissions: ["read", "endpoints:write"] }],
  user: null,
};

describe("the permissions of the caller", () => {
  it("are those of the organisation outside of applications, and in applications without a role of their own", () => {
    expect(mayCall(CALLER, "read", undefined)).toBe(true);
    expect(mayCall(CALLER, "endpoints:write", undefined)).toBe(false);
    expect(mayCall(CALLER, "endpoints:write", "app_2")).toBe(false);
    expect(mayCall(CALLER, "read", "app_2")).toBe(true);
  });

  it("are those of the role in an application, by its ID or uid", () => {
    expect(mayCall(CALLER, "endpoints:write", "app_1")).toBe(true);
    expect(mayCall(CALLER, "endpoints:write", "acme")).toBe(true);
    expect(maySomewhere(CALLER, "endpoints:write")).toBe(true);
    expect(maySomewhere(CALLER, "keys:manage")).toBe(false);
  });

  it("do not reach the organisation as a whole when they are limited to applications", () => {
    const limited: Caller = { ...CALLER, permissions: ["read", "endpoints:write"], limited: true };
    expect(mayCall(limited, "endpoints:write", undefined)).toBe(false);
    expect(mayCall(limited, "endpoints:write", "app_1")).toBe(true);
    expect(maySomewhere(limited, "endpoints:write")).toBe(true);
  });
});
