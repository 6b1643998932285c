/**
 * One rule for every fenced block: it is executed, compiled, parsed by the parser of its language, or its first line says why not. This
 * file decides which one applies; a block without a rule is an error.
 */
import type { Block } from "./blocks.ts";

/** How a block is checked. */
export type Check =
  /** `npx vitest run --config e2e/vitest.config.ts guides` executes it on a real server. */
  | { readonly kind: "run" }
  /** Blocks that are executed or compiled import it. */
  | { readonly kind: "file"; readonly path: string }
  /** Another test executes or compiles it. */
  | { readonly kind: "suite"; readonly test: string }
  /** Type-checked with all others as one program. */
  | { readonly kind: "types" }
  /** Commands and requests are compared with the definitions of the command line, of npm and of the API. */
  | { readonly kind: "commands" }
  | { readonly kind: "parse" }
  /** Text that a program prints, or a drawing. */
  | { readonly kind: "output" }
  /** Neither executed nor compiled, for the reason. Its commands are compared with their definitions nevertheless. */
  | { readonly kind: "skip"; readonly reason: string };

/** Languages of blocks that other tests execute or compile, by page. The first one that matches applies. */
const SUITES: readonly {
  readonly pages: RegExp;
  readonly languages: readonly string[];
  readonly test: string;
}[] = [
  { pages: /^README\.md$/, languages: ["sh", "js"], test: "e2e/test/first-run.test.ts" },
  {
    pages: /^docs\/receiving\/(?!README|activity|backfill|catalogue)/,
    languages: ["sh"],
    test: "e2e/test/receiving-docs.test.ts",
  },
  { pages: /./, languages: ["sql"], test: "packages/posthorn/test/transactions/documents.test.ts" },
  { pages: /^docs\/portal\.md$/, languages: ["vue"], test: "e2e/test/portal.test.ts" },
  { pages: /^docs\/features\/rest-hooks\.md$/, languages: ["js"], test: "e2e/test/zapier.test.ts" },
  {
    pages: /^docs\/webhooks\/reference\.md$/,
    languages: ["ts", "typescript"],
    test: "packages/webhooks/test/api-docs.test.ts",
  },
  {
    pages: /^docs\/egress-reference\.md$/,
    languages: ["ts", "typescript"],
    test: "packages/egress/test/api-docs.test.ts",
  },
  {
    pages: /^(?:docs\/webhooks\/|packages\/webhooks\/README\.md$)/,
    languages: ["ts"],
    test: "packages/webhooks/test/docs.test.ts",
  },
];

const PROGRAMS: ReadonlySet<string> = new Set(["sh", "js", "ts", "go", "php", "python", "ruby"]);
const TYPED: ReadonlySet<string> = new Set(["js", "ts", "tsx"]);
/** Languages with a parser in `parse.ts`. */
export const PARSED: ReadonlySet<string> = new Set(["caddyfile", "html", "ini", "json", "nginx", "xml", "yaml"]);
const OUTPUT: ReadonlySet<string> = new Set(["console", "text"]);

/** How a block is checked, or `null` if it is not. */
export function checkOf({ file, language, mark }: Block): Check | null {
  const skip = /^skip=([a-z][\w-]*)$/.exec(mark);
  if (skip !== null) return { kind: "skip", reason: skip[1]! };
  const path = /^file=([\w/.-]+)$/.exec(mark);
  if (path !== null) return { kind: "file", path: path[1]! };
  if (mark === "run") return PROGRAMS.has(language) ? { kind: "run" } : null;
  if (mark !== "") return null;
  const suite = SUITES.find(({ pages, languages }) => pages.test(file) && languages.includes(language));
  if (suite !== undefined) return { kind: "suite", test: suite.test };
  if (TYPED.has(language)) return { kind: "types" };
  if (PARSED.has(language)) return { kind: "parse" };
  if (OUTPUT.has(language)) return { kind: "output" };
  return null;
}

/** Tests that execute or compile blocks of pages. */
export const SUITE_TESTS: readonly string[] = SUITES.map(({ test }) => test);
