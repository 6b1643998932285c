/** Finds broken links in the built site. */
import { posix } from "node:path";
import { ROOT_MARK } from "./links.ts";
import type { Site } from "./site.ts";

/** Served by Posthorn itself next to the site. */
const SERVED = new Set(["api"]);

/** Links and anchors that do not exist, each with the file that contains it. */
export function brokenLinks(site: Site): readonly string[] {
  const anchors = new Map<string, ReadonlySet<string>>();
  const broken: string[] = [];
  for (const [path, content] of site) {
    if (!path.endsWith(".html")) continue;
    for (const [, written = ""] of String(content).matchAll(/ (?:href|src)="([^"]*)"/g)) {
      const href = written.replace(ROOT_MARK, "./");
      if (/^[a-z][a-z\d+.-]*:/i.test(href)) continue;
      const [target = "", anchor = ""] = href.split("#", 2);
      const file = fileOf(site, path, target);
      if (file === null) broken.push(`${path}: ${href}`);
      else if (anchor !== "" && !anchorsOf(file).has(anchor)) broken.push(`${path}: ${href} has no such heading`);
    }
  }
  return broken;

  function anchorsOf(file: string): ReadonlySet<string> {
    let known = anchors.get(file);
    if (known === undefined) {
      known = new Set([...String(site.get(file) ?? "").matchAll(/ id="([^"]*)"/g)].map(([, id = ""]) => id));
      anchors.set(file, known);
    }
    return known;
  }
}

function fileOf(site: Site, from: string, target: string): string | null {
  if (target === "") return from;
  const path = posix
    .join(posix.dirname(from), target)
    .replace(/^\.?\/?$/, "index")
    .replace(/\/$/, "/index");
  if (SERVED.has(path)) return from;
  return [path, `${path}.html`].find((file) => site.has(file)) ?? null;
}
