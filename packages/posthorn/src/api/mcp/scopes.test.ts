import { describe, expect, it } from "vitest";
import { READ_PERMISSIONS, WRITE_PERMISSIONS } from "../../domain/connected-client/scope.ts";
import { toolsFor } from "./registry.ts";

/** Permissions of the operations that tools of one kind call. */
function permissionsOf(kind: "read" | "write"): readonly string[] {
  const tools = [...toolsFor("organisation").values()].filter(({ declaration }) => declaration.kind === kind);
  const routes = tools.flatMap(({ actions }) =>
    [...actions.values()].flatMap(({ route, preview }) => [route, ...(preview === null ? [] : [preview.route])]),
  );
  return [...new Set(routes.map(({ permission }) => permission))];
}

describe("scopes of connected clients", () => {
  it("include exactly the permissions that the tools need", () => {
    expect(permissionsOf("read").filter((one) => !READ_PERMISSIONS.some((own) => own === one))).toEqual([]);
    const both = new Set([...permissionsOf("read"), ...permissionsOf("write")]);
    expect([...both].filter((one) => ![...READ_PERMISSIONS, ...WRITE_PERMISSIONS].some((own) => own === one))).toEqual(
      [],
    );
    expect(WRITE_PERMISSIONS.filter((one) => !both.has(one))).toEqual([]);
  });

  it("follow from the name of a tool", () => {
    for (const { declaration } of toolsFor("organisation").values())
      expect([declaration.name, declaration.name.endsWith("_write")]).toEqual([
        declaration.name,
        declaration.kind === "write",
      ]);
  });
});
