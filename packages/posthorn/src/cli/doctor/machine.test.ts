import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { findingOfNode } from "./machine.ts";

it("reports versions of Node that the package does not support, and no others", () => {
  const found = (version: string): string => findingOfNode(version).status;
  expect(["22.21.0", "24.8.0", "24.9.0", "24.21.0", "25.0.0"].map(found)).toEqual([
    "problem",
    "problem",
    "ok",
    "ok",
    "ok",
  ]);
  const { engines } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    readonly engines: { readonly node: string };
  };
  expect(findingOfNode("24.8.0").fix).toBe(`Install Node ${engines.node.slice(2)} or newer.`);
});
