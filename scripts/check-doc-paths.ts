/** Fails when a Markdown file names a path of this repository that does not exist. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const ROOTS = /^(?:packages|docs|bench|e2e|scripts|examples|vectors|\.ci)\//;
const files = globSync("**/*.md", { exclude: (path) => /node_modules|dist|CHANGELOG/.test(path) });
const missing: string[] = [];

for (const file of files) {
  const text = readFileSync(file, "utf8");
  for (const [, target = ""] of text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)) {
    if (!existsSync(normalize(join(dirname(file), target)))) missing.push(`${file}: link to ${target}`);
  }
  for (const [, path = ""] of text.matchAll(/`([^`\s]+)`/g)) {
    if (ROOTS.test(path) && !/[*{<…]/.test(path) && !existsSync(path)) missing.push(`${file}: path ${path}`);
  }
}
if (missing.length > 0) {
  console.error(`Documents name paths that do not exist:\n  ${missing.join("\n  ")}`);
  process.exitCode = 1;
}
