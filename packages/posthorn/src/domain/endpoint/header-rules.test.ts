import { expect, it } from "vitest";
import { headerProblem } from "./header-rules.ts";

it("says why a header is refused without the name of Posthorn, because customers set headers in the portal", () => {
  const refused: readonly (readonly [string, string])[] = [
    ["content-length", "1"],
    ["webhook-id", "a"],
    ["X Y", "a"],
    ["x-team", "a\nb"],
    ["x-team", "a".repeat(100_000)],
  ];
  const problems = refused.map(([name, value]) => headerProblem(name, value));
  expect(problems).not.toContain(null);
  expect(problems.filter((problem) => /posthorn/i.test(String(problem)))).toEqual([]);
});
