import { describe, expect, it } from "vitest";
import { PERMISSIONS as KNOWN } from "../../../posthorn/src/domain/grant.ts";
import { PERMISSIONS, permissionsOf, presetOf, scopesOf } from "./permissions.ts";

it("the permissions of the dashboard are those of the server", () => {
  expect(PERMISSIONS.map(([name]) => name)).toEqual([...KNOWN]);
});

describe("the scopes of a key", () => {
  it.each([
    ["everything", [], [], null],
    ["publish", [], ["app_1"], ["messages:publish", "app:app_1"]],
    ["custom", ["read"], [], ["read"]],
  ] as const)("for %s are those of the preset", (preset, chosen, applications, expected) => {
    const scopes = scopesOf(preset, chosen, applications);
    expect(scopes).toEqual(expected);
    expect(presetOf(scopes)).toBe(preset);
  });

  it("for everything in one application list all permissions", () => {
    const scopes = scopesOf("everything", [], ["app_1"]);
    expect(permissionsOf(scopes)).toEqual([...KNOWN]);
    expect(presetOf(scopes)).toBe("everything");
  });
});
