/** Pages of the site: which Markdown file becomes which page, and the texts that all of them need. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A page of the site, made from one Markdown file. */
export interface Page {
  /** Path of the Markdown file in the repository, such as `docs/features/retries.md`. */
  readonly file: string;
  /** Path of the page below the root of the site, such as `features/retries`; empty for the home page. */
  readonly slug: string;
  /** Name in lists of pages: usually the text of the first heading, without markup. */
  readonly title: string;
  /** Content of the file. */
  readonly source: string;
}

/** Pages whose path does not follow from their file: documents outside of `docs`, and one whose path is taken. */
const OTHER_SLUGS: Readonly<Record<string, string>> = {
  // The API reference of the server is at `/docs/api`.
  "docs/api.md": "http-api",
  "README.md": "introduction",
  "CONTRIBUTING.md": "contributing",
  "SECURITY.md": "security",
  "CHANGELOG.md": "changelog",
  "bench/README.md": "benchmarks",
  "bench/peers.md": "benchmarks/peers",
  "packages/webhooks/README.md": "webhooks/library",
  "packages/egress/README.md": "egress-library",
};

/** Titles of pages whose heading says too little in a list of pages. */
const TITLES: Readonly<Record<string, string>> = {
  "README.md": "Introduction",
  "docs/destinations/README.md": "All destinations",
  "docs/receiving/README.md": "All providers",
  "docs/sources/README.md": "All kinds of sources",
  "docs/templates/README.md": "All templates",
  "bench/README.md": "Benchmarks",
};

/** Path of the page of a Markdown file; `null` when the site has no page for it. */
export function slugOf(file: string): string | null {
  const other = OTHER_SLUGS[file];
  if (other !== undefined) return other;
  if (!file.startsWith("docs/") || !file.endsWith(".md")) return null;
  const path = file.slice("docs/".length, -".md".length);
  if (path === "README") return "";
  // `docs/receiving/README.md` would otherwise take the path of `docs/receiving.md`.
  return path.replace(/\/README$/, "/overview");
}

/**
 * Reads all pages, in the order of their paths.
 *
 * @param root Folder of the repository.
 * @example
 * readPages(".").find(({ slug }) => slug === "delivery")?.title; // "Delivery"
 */
export function readPages(root: string): readonly Page[] {
  const files = new Set([...globSync("docs/**/*.md", { cwd: root }), ...Object.keys(OTHER_SLUGS)]);
  return [...files].toSorted().map((file) => {
    const source = readFileSync(join(root, file), "utf8");
    return { file, slug: slugOf(file)!, title: TITLES[file] ?? titleOf(source) ?? file, source };
  });
}

function titleOf(source: string): string | undefined {
  return /^# (.+)$/m
    .exec(source)?.[1]
    ?.replaceAll(/[`*]/g, "")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}
