/**
 * Writes `docs/performance.md` and its charts from the results of the benchmark suite. With `--check` it writes nothing and fails when one of
 * them is stale.
 */
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { pageOf } from "../bench/suite/page.ts";
import { readResults } from "../bench/suite/results.ts";
import { formatted } from "./formatted.ts";

const PAGE = "docs/performance.md";
const DIAGRAMS = "docs/diagrams";

const { text, charts } = pageOf(readResults(), "diagrams");
const made = new Map([
  [PAGE, await formatted(PAGE, text)],
  ...[...charts].map(([name, svg]) => [`${DIAGRAMS}/${name}`, svg] as const),
]);
const stale = [...made].filter(([path, content]) => !existsSync(path) || readFileSync(path, "utf8") !== content);
const left = globSync(`${DIAGRAMS}/performance-*.svg`).filter((path) => !made.has(path));

if (!process.argv.includes("--check")) {
  for (const [path, content] of stale) writeFileSync(path, content);
  for (const path of left) rmSync(path);
} else if (stale.length + left.length > 0) {
  const paths = [...stale.map(([path]) => path), ...left];
  console.error(`Not current; run "npm run generate:docs": ${paths.join(", ")}`);
  process.exitCode = 1;
}
