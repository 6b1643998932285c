/**
 * Prints which test files take most CPU time: `npm run test:costs -- <file> [count]`, after runs with `POSTHORN_TEST_COSTS=<file>`. Several
 * runs can append to the same file; the last one of each test file counts.
 */
import { readFileSync } from "node:fs";

const DEFAULT_COUNT = 30;

interface Cost {
  readonly path: string;
  readonly store: string;
  readonly own: number;
  readonly children: number;
  readonly postgres: number;
  readonly wall: number;
}

const [file, count = String(DEFAULT_COUNT)] = process.argv.slice(2);
if (file === undefined) {
  console.error("Name the file that a run with POSTHORN_TEST_COSTS has written.");
  process.exit(2);
}
const lines = readFileSync(file, "utf8").trim().split("\n");
const costs = lines.map((line) => JSON.parse(line) as Cost);
const latest = [...new Map(costs.map((cost) => [`${cost.store} ${cost.path}`, cost])).values()];

const HEAD = ["CPU s", "own", "children", "postgres", "wall s"].map((name) => name.padStart(9)).join("");
const row = (numbers: readonly number[], name: string): string =>
  `${numbers.map((number) => number.toFixed(1).padStart(9)).join("")}  ${name}`;

/** The part of `npm test` that a file belongs to. */
function partOf({ path, store }: Cost): string {
  const kind = path.startsWith("e2e/") ? "e2e" : (/\/test\/(counterparts|simulation)\//.exec(path)?.[1] ?? "unit");
  return `${kind} ${store}`;
}

function cpuOf({ own, children, postgres }: Cost): number {
  return own + children + postgres;
}

function numbersOf(some: readonly Cost[]): readonly number[] {
  const sum = (of: (cost: Cost) => number): number => some.reduce((total, cost) => total + of(cost), 0);
  return [
    sum(cpuOf),
    sum(({ own }) => own),
    sum(({ children }) => children),
    sum(({ postgres }) => postgres),
    sum(({ wall }) => wall),
  ];
}

console.log(HEAD);
for (const [part, some] of Map.groupBy(latest, partOf))
  console.log(row(numbersOf(some), `${part}, ${some.length} files`));
console.log();
for (const cost of latest.toSorted((one, other) => cpuOf(other) - cpuOf(one)).slice(0, Number(count))) {
  console.log(row(numbersOf([cost]), `${cost.path} (${cost.store})`));
}
