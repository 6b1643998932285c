/**
 * Fails if files of `COVERED_ON_POSTGRES` issue a statement on PostgreSQL that no file of every run issues: `npm run check:statements --
 * <file>`, after all unit tests on PostgreSQL have run with `POSTHORN_TEST_STATEMENTS=<file>`. `npm run test:nightly -- postgres` does both.
 *
 * To have other files run every night only, add them to the list and run it again.
 */
import { readFileSync } from "node:fs";
import { matchesGlob } from "node:path";
import { COVERED_ON_POSTGRES, VARIANTS } from "./nightly-on-postgres.ts";

/** Statements of a test file: their text, and the file of the product that issued each. */
interface Recorded {
  readonly path: string;
  readonly statements: Readonly<Record<string, string>>;
}

const PREVIEW_LENGTH = 160;
/** Characters of a value, a list of values, or several such lists. */
const VALUES =
  /\((?:[$N?]|null|default)(?:, ?(?:[$N?]|null|default))*\)(?:, ?\((?:[$N?]|null|default)(?:, ?(?:[$N?]|null|default))*\))*/gi;

/** The same text for statements that differ only in values, in the number of rows, or in the day of a partition. */
function shapeOf(statement: string): string {
  return statement
    .replaceAll(/\s+/g, " ")
    .replaceAll(/'(?:[^']|'')*'/g, "?")
    .replaceAll(/posthorn_[0-9a-f]{32}/g, "NODE")
    .replaceAll(/\b(message|message_label|attempt)_\d{8}\b/g, "$1_DAY")
    .replaceAll(/\$\d+(?:::\w+(?:\[\])?)?/g, "$")
    .replaceAll(/\b\d+(?:\.\d+)?\b/g, "N")
    .replaceAll(VALUES, "($)")
    .trim();
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Name the file that the tests on PostgreSQL have written with POSTHORN_TEST_STATEMENTS.");
  process.exit(2);
}
const recorded = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Recorded);
const nightly = recorded.filter(({ path }) => isIn(path, COVERED_ON_POSTGRES));
const always = recorded.filter(({ path }) => !isIn(path, COVERED_ON_POSTGRES) && !isIn(path, VARIANTS));
const covered = new Set(always.flatMap(({ statements }) => Object.keys(statements).map(shapeOf)));
const missing = new Map<string, string>();
for (const { path, statements } of nightly) {
  for (const [text, issuer] of Object.entries(statements)) {
    const shape = shapeOf(text);
    if (!covered.has(shape)) missing.set(shape, `${path} (${issuer}): ${shape.slice(0, PREVIEW_LENGTH)}`);
  }
}
for (const text of missing.values()) console.error(text);
console.log(
  `${covered.size} statements in ${always.length} files of every run, and ${missing.size} more in ${nightly.length} nightly ones`,
);
if (missing.size > 0) {
  console.error("Take these files from COVERED_ON_POSTGRES, or exercise the statements in a file of every run.");
  process.exitCode = 1;
}

function isIn(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(path, pattern));
}
