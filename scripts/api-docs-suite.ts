/**
 * Tests of the doc comments of a published package: each export is documented, and each example compiles and prints the documented output.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compileExamples, examplesOf, runExamples } from "./api-examples.ts";
import { publicApi } from "./public-api.ts";
import { undocumented } from "./undocumented.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** @param fewest Lower bound of the number of exports, so that the tests fail when they find none. */
export function describeApiDocs(name: "egress" | "webhooks", fewest: number): void {
  const folder = `${ROOT}packages/${name}/`;
  // Inside the package, so that its name and its test dependencies resolve. Ignored by Git like build output.
  const compiled = `${folder}test/dist/examples/`;
  const exports = publicApi(folder);
  const examples = examplesOf(exports);

  describe(`the doc comments of @posthorn/${name}`, () => {
    it("cover every export: purpose, parameters, and an example for each function and class", () => {
      expect(exports.length).toBeGreaterThan(fewest);
      expect(undocumented(exports)).toEqual([]);
    });

    it("contain examples that compile and print the documented output", { timeout: 120_000 }, () => {
      expect(compileExamples(compiled, ROOT, examples)).toBe("");
      const runs = runExamples(compiled, examples);
      const got = runs.map(({ printed, error }, index) => ({ title: examples[index]?.title, printed, error }));
      expect(got).toEqual(examples.map(({ title, promised }) => ({ title, printed: promised, error: null })));
    });
  });
}
