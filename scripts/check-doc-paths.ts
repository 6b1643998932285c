/** Fails when a Markdown file names a path of this repository, or a heading of a page, that does not exist. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const ROOTS = /^(?:packages|docs|bench|e2e|scripts|examples|vectors|\.ci)\//;
/** Where the page on security names files without their folders. */
const SECURITY_ROOTS = ["", "packages/posthorn/src/", "packages/egress/src/"];
/** Built, so absent from a clean clone. */
const BUILT = /^packages\/posthorn\/docs(?:\/|$)/;
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
      missing.push(`${file}: link to ${target}#${anchor}, which is not a heading there`);
    }
  }
  for (const [, path = ""] of text.matchAll(/`([^`\s]+)`/g)) {
    const isSource = ROOTS.test(path) && !BUILT.test(path) && !/[*{<…]/.test(path);
    if (isSource && !existsSync(path)) missing.push(`${file}: path ${path}`);
    if (file !== "SECURITY.md" || !/^[\w-]+(?:\/[\w.-]+)*\.ts$/.test(path)) continue;
    if (!SECURITY_ROOTS.some((root) => existsSync(root + path))) missing.push(`${file}: path ${path}`);
  }
}
if (missing.length > 0) {
  console.error(`Documents name paths or headings that do not exist:\n  ${missing.join("\n  ")}`);
  process.exitCode = 1;
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
