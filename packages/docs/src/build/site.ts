/** Builds the documentation site in memory: every file with its path and content. */
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import MiniSearch from "minisearch";
import { rolldown } from "rolldown";
import { SEARCH_OPTIONS, type SearchRecord } from "../search-options.ts";
import { layOut, layOutMissing, markdownPath } from "./layout.ts";
import { assetPath } from "./links.ts";
import { llmsFull, llmsIndex, plainMarkdown } from "./llms.ts";
import { renderPage, type RenderedPage } from "./markdown.ts";
import { fillSections } from "./navigation.ts";
import { readPages, type Page } from "./pages.ts";

/** Files of the site by their path below its root. */
export type Site = ReadonlyMap<string, string | Buffer>;

/** A section of a page may be a table of 200 kB, and the index is loaded as a whole. */
const MAX_INDEXED = 600;
const FILES = {
  script: "assets/main.js",
  theme: "assets/theme.js",
  style: "assets/site.css",
  logo: "assets/posthorn.svg",
  font: "assets/inter.woff2",
};
const NOTICED = ["@fontsource-variable/inter", "minisearch"];
const FONT = "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";

/**
 * Builds the site.
 *
 * @param root Folder of the repository. @throws {Error} The target of a link does not exist, a document contains HTML that is not allowed,
 * or a page has no place in the navigation.
 * @example
 * const site = await buildSite(".");
 * site.get("delivery.html");
 */
export async function buildSite(root: string): Promise<Site> {
  const pages = readPages(root);
  const sections = fillSections(pages);
  const rendered = new Map(pages.map((page) => [page, renderPage(root, page)]));
  const version = versionOf(root);
  const site = new Map<string, string | Buffer>();
  for (const [page, content] of rendered) {
    site.set(
      `${page.slug === "" ? "index" : page.slug}.html`,
      layOut({ page, rendered: content, sections, version, files: FILES }),
    );
    site.set(markdownPath(page), plainMarkdown(root, page));
    for (const file of content.assets) addAsset(site, file, readFileSync(join(root, file)));
  }
  site.set("404.html", layOutMissing({ sections, version, files: FILES }));
  site.set("search.json", searchIndex(rendered));
  site.set("llms.txt", llmsIndex(sections, rendered));
  site.set("llms-full.txt", llmsFull(root, sections));
  site.set("third-party-notices.txt", notices());
  site.set("version.json", JSON.stringify({ version }));
  await addFrame(site, root);
  return site;
}

function versionOf(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, "packages/posthorn/package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

function addAsset(site: Map<string, string | Buffer>, file: string, content: Buffer): void {
  const path = assetPath(file);
  const other = site.get(path);
  if (other instanceof Buffer && !other.equals(content)) throw new Error(`Two pictures have the same name as ${file}.`);
  site.set(path, content);
}

function searchIndex(rendered: ReadonlyMap<Page, RenderedPage>): string {
  const index = new MiniSearch(SEARCH_OPTIONS);
  const records: SearchRecord[] = [];
  for (const [{ slug, title }, { sections }] of rendered) {
    for (const { heading, text } of sections) {
      const url = heading.level === 1 ? slug : `${slug}#${heading.id}`;
      records.push({ id: records.length, url, page: title, heading: heading.text, text: text.slice(0, MAX_INDEXED) });
    }
  }
  index.addAll(records);
  return JSON.stringify(index);
}

/** In their order: later rules override earlier ones. */
const STYLES = ["layout.css", "text.css", "pages.css", "media.css"] as const;

/** Scripts, styles, font and logo. */
async function addFrame(site: Map<string, string | Buffer>, root: string): Promise<void> {
  const folder = join(root, "packages/docs/src");
  site.set(FILES.script, await bundle(join(folder, "client/main.ts")));
  site.set(FILES.theme, await bundle(join(folder, "client/theme.ts")));
  const tokens =
    /:root,\n\[data-scheme\] \{[^]*?\n\}\n\[data-scheme="light"\],[^]*?\n\}\n\[data-scheme="dark"\],[^]*?\n\}\n/.exec(
      readFileSync(join(root, "packages/dashboard/src/styles/base.css"), "utf8"),
    )?.[0];
  if (tokens === undefined)
    throw new Error("packages/dashboard/src/styles/base.css has no block with the design tokens.");
  const styles = STYLES.map((name) => readFileSync(join(folder, "style", name), "utf8"));
  site.set(FILES.style, tokens + styles.join(""));
  site.set(FILES.logo, readFileSync(join(root, "packages/dashboard/src/assets/posthorn.svg")));
  site.set(FILES.font, readFileSync(createRequire(import.meta.url).resolve(FONT)));
}

/** Licences of the assets that readers load: the font and the search library. */
function notices(): string {
  return NOTICED.map((name) => {
    const folder = packageFolder(name);
    const file = globSync("LICENSE*", { cwd: folder })[0];
    if (file === undefined) throw new Error(`${name} has no licence file.`);
    return `${name}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  }).join(`\n${"-".repeat(80)}\n\n`);
}

function packageFolder(name: string): string {
  const file = createRequire(import.meta.url).resolve(name);
  return file.slice(0, file.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}`.length);
}

async function bundle(input: string): Promise<string> {
  await using build = await rolldown({ input, platform: "browser" });
  const { output } = await build.generate({ format: "esm", minify: true });
  return output[0].code;
}
