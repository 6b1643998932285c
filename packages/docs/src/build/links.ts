/** Turns links between files of the repository into links between pages of the site. */
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { slugOf } from "./pages.ts";

/** Target of a link in a Markdown file. */
export type Target =
  | { readonly kind: "page"; readonly slug: string; readonly anchor: string }
  /** A file that is copied to the site, such as a picture. */
  | { readonly kind: "asset"; readonly file: string }
  /** A file of the repository that is not part of the site, such as a source file. */
  | { readonly kind: "repository"; readonly file: string }
  | { readonly kind: "external"; readonly url: string };

/** Prefix of the links on the "not found" page. The server replaces it, because only the server knows the path of the request. */
export const ROOT_MARK = "{root}";

/** A link to a file that does not exist. */
export class BrokenLink extends Error {}

/**
 * Resolves a link.
 *
 * @param file The Markdown file with the link.
 * @param href As written there, such as `../api.md#errors`.
 * @throws {BrokenLink} The file does not exist.
 */
export function resolveLink(root: string, file: string, href: string): Target {
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return { kind: "external", url: href };
  const [path = "", anchor = ""] = href.split("#", 2);
  const target = path === "" ? file : posix.normalize(posix.join(posix.dirname(file), path));
  if (target.startsWith("..") || !existsSync(join(root, target))) {
    throw new BrokenLink(`${file}: the target of the link ${href} does not exist.`);
  }
  // GitHub shows the README of a folder.
  const index = posix.join(target, "README.md");
  const slug = slugOf(existsSync(join(root, index)) ? index : target);
  if (slug !== null) return { kind: "page", slug, anchor };
  return /\.(png|svg|jpe?g|webp)$/.test(target)
    ? { kind: "asset", file: target }
    : { kind: "repository", file: target };
}

/**
 * Relative URL from one page to another file of the site, so that a site works at any path.
 *
 * @example
 * relativeUrl("features/retries", "delivery"); // "../delivery"
 * relativeUrl("delivery", ""); // "./"
 */
export function relativeUrl(from: string, to: string): string {
  const up = "../".repeat(from.split("/").length - 1);
  if (to === "") return up === "" ? "./" : up;
  return up === "" ? to : `${up}${to}`;
}

/** Path of the copy of a picture. Names are unique across folders, which a test of the build checks. */
export function assetPath(file: string): string {
  return `assets/images/${posix.basename(file)}`;
}
