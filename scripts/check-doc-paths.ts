/**
 * Fails when a Markdown file names a path of this repository, or a heading of a page, that does not exist, and when CONTRIBUTING.md does not
 * list a folder.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const ROOTS = /^(?:packages|docs|bench|e2e|scripts|examples|vectors|\.ci)\//;
/** Folder of the files that the security page names without a path. */
const SECURITY_ROOTS = ["", "packages/posthorn/src/", "packages/egress/src/"];
/** Build output, which is absent from a clean clone. */
const BUILT = /^packages\/posthorn\/docs(?:\/|$)/;
/** Folders whose subfolders are listed in a table of CONTRIBUTING.md, with the text at the beginning of that table. */
const LISTED: Readonly<Record<string, string>> = {
  "": "| Folder                     | Contents",
  "packages/": "| Folder                     | Contents",
  "packages/posthorn/src/": "Inside `packages/posthorn/src`:",
  "packages/dashboard/src/": "| Folder in `packages/dashboard/src` |",
};
const files = globSync("**/*.md", {
  exclude: (path) => /node_modules|dist|CHANGELOG|packages\/posthorn\/docs/.test(path),
});
const headings = new Map<string, ReadonlySet<string>>();
const missing: string[] = [];

for (const file of files) {
  const text = readFileSync(file, "utf8");
  for (const [, target = "", anchor] of text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
    const path = target === "" ? file : normalize(join(dirname(file), target));
    if (!existsSync(path)) missing.push(`${file}: link to ${target}`);
    else if (anchor !== undefined && path.endsWith(".md") && !headingsOf(path).has(anchor)) {
      missing.push(`${file}: link to ${target}#${anchor}, which is not a heading of that page`);
    }
  }
  for (const [, path = ""] of text.matchAll(/`([^`\s]+)`/g)) {
    const isSource = ROOTS.test(path) && !BUILT.test(path) && !/[*{<…]/.test(path);
    if (isSource && !existsSync(path)) missing.push(`${file}: path ${path}`);
    if (file !== "SECURITY.md" || !/^[\w-]+(?:\/[\w.-]+)*\.ts$/.test(path)) continue;
    if (!SECURITY_ROOTS.some((root) => existsSync(root + path))) missing.push(`${file}: path ${path}`);
  }
}
const unlisted = unlistedFolders();
if (unlisted.length > 0) {
  console.error(`CONTRIBUTING.md does not list these folders:\n  ${unlisted.join("\n  ")}`);
  process.exitCode = 1;
}
if (missing.length > 0) {
  console.error(`Documents name paths or headings that do not exist:\n  ${missing.join("\n  ")}`);
  process.exitCode = 1;
}

function unlistedFolders(): readonly string[] {
  const guide = readFileSync("CONTRIBUTING.md", "utf8");
  const { stdout } = spawnSync("git", ["ls-tree", "-dr", "--name-only", "HEAD"], { encoding: "utf8" });
  const folders = stdout.trim().split("\n");
  return Object.entries(LISTED).flatMap(([parent, start]) => {
    const table = /(?:^\|.*\n)+/m.exec(guide.slice(guide.indexOf(start)))?.[0] ?? "";
    const inside = folders.filter((path) => path.startsWith(parent) && !path.slice(parent.length).includes("/"));
    // `packages` has a row for each package, and folders such as `.github` belong to tools.
    const wanted = inside.filter((path) => path !== "packages" && !path.startsWith("."));
    return wanted.filter((path) => !table.includes(`\`${parent === "packages/" ? path : path.slice(parent.length)}\``));
  });
}

/** Anchors of the headings of a page, as GitHub makes them. */
function headingsOf(path: string): ReadonlySet<string> {
  const known = headings.get(path);
  if (known !== undefined) return known;
  const anchors = new Set<string>();
  const text = readFileSync(path, "utf8").replaceAll(/^```[^]*?^```/gm, "");
  for (const [, title = ""] of text.matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  headings.set(path, anchors);
  return anchors;
}
