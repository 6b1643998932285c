import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compileExamples, examplesOf, runExamples } from "../../../scripts/api-examples.ts";
import { publicApi } from "../../../scripts/public-api.ts";
import { undocumented } from "../../../scripts/undocumented.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
// Inside the package, so that its name and its test dependencies resolve. Ignored by Git like build output.
const FOLDER = fileURLToPath(new URL("./dist/examples/", import.meta.url));

const exports = publicApi(fileURLToPath(new URL("../", import.meta.url)));
const examples = examplesOf(exports);

describe("the doc comments of @posthorn/webhooks", () => {
  it("cover every export: purpose, parameters, and an example for each function and class", () => {
    expect(exports.length).toBeGreaterThan(150);
    expect(undocumented(exports)).toEqual([]);
  });

  it("contain examples that compile and print what they promise", { timeout: 120_000 }, () => {
    expect(compileExamples(FOLDER, ROOT, examples)).toBe("");
    const runs = runExamples(FOLDER, examples);
    const got = runs.map(({ printed, error }, index) => ({ title: examples[index]?.title, printed, error }));
    expect(got).toEqual(examples.map(({ title, promised }) => ({ title, printed: promised, error: null })));
  });
});
