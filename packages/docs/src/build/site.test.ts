import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { brokenLinks } from "./check.ts";
import { relativeUrl, resolveLink } from "./links.ts";
import { renderPage } from "./markdown.ts";
import { fillSections, type Section } from "./navigation.ts";
import type { Page } from "./pages.ts";
import { buildSite, type Site } from "./site.ts";

const ROOT = join(import.meta.dirname, "../../../..");
/** Content that a content security policy without exceptions blocks. */
const INLINE = /<script(?![^>]* src=)[^>]*>|<style[^>]*>|<[^>]* (?:style|on\w+)=/g;
const FOREIGN = /<(?:script|link|img|iframe)[^>]* (?:src|href)="(?:https?:)?\/\/[^>]*>/g;
let site: Site;

beforeAll(async () => {
  site = await buildSite(ROOT);
}, 300_000);

function page(source: string, file = "docs/example.md"): Page {
  return { file, slug: "example", title: "Example", source };
}

function text(path: string): string {
  return String(site.get(path));
}

describe("the site", () => {
  it("has no broken link or anchor", () => {
    expect(brokenLinks(site)).toEqual([]);
  });

  it("reports broken links and anchors", () => {
    const broken = new Map([
      ["a.html", '<a href="b#x"></a><a href="b#y"></a><a href="c"></a><img src="d.png">'],
      ["b.html", '<h2 id="x"></h2>'],
    ]);
    expect(brokenLinks(broken)).toEqual(["a.html: b#y has no such heading", "a.html: c", "a.html: d.png"]);
  });

  it("has a page for unknown paths, in whose links the server inserts the path to the root", () => {
    const links = [...text("404.html").matchAll(/ (?:href|src|data-root)="([^"#]*)"/g)].map(([, href]) => href!);
    expect(links.length).toBeGreaterThan(15);
    expect(links.filter((href) => !href.startsWith("{root}"))).toEqual([]);
  });

  it("embeds diagrams in the page, in the colours of its theme", () => {
    expect(text("delivery.html")).toMatch(
      /<svg class="diagram" role="img" aria-label="A published delivery is pending\./,
    );
    expect(text("introduction.html")).toContain('<svg class="diagram"');
    expect(() => renderPage(ROOT, page("# A\n\n```mermaid\nflowchart LR\n```"))).toThrow("a Mermaid diagram");
  });

  it("says where the helper of snippets is defined, once on each page that uses it", () => {
    const hint = '<code>call</code> is defined in <a href="../http-api">the HTTP API</a>';
    expect(text("features/ordering.html").split(hint)).toHaveLength(2);
    expect(text("features/redaction.html")).not.toContain("is defined in <a");
    expect(text("http-api.html")).not.toContain("is defined in <a");
  });

  it("has no inline script, style or event handler, and loads nothing from other hosts", () => {
    const faults = [...site].flatMap(([path, content]) => {
      if (!path.endsWith(".html")) return [];
      const html = String(content).replaceAll(/<code[^>]*>[^]*?<\/code>/g, "");
      return [...html.matchAll(INLINE), ...html.matchAll(FOREIGN)].map(([fault]) => `${path}: ${fault}`);
    });
    expect(faults).toEqual([]);
  });

  it("has each page as Markdown, with links to Markdown", () => {
    expect(text("delivery.md")).toContain("](features/filters.md)");
    expect(text("features/retries.md")).not.toMatch(/\]\((?!https?:|#|\/)[^)]*\/docs\//);
    const pages = [...site.keys()].filter((path) => path.endsWith(".html") && path !== "404.html");
    expect(pages.filter((path) => !site.has(path.replace(/html$/, "md")))).toEqual([]);
  });

  it("lists each page in llms.txt, and has its text in llms-full.txt", () => {
    const listed = [...text("llms.txt").matchAll(/\]\(([^)]+\.md)\)/g)].map(([, path]) => path);
    expect(new Set(listed)).toEqual(new Set([...site.keys()].filter((path) => path.endsWith(".md"))));
    expect(text("llms-full.txt")).toContain(readFileSync(join(ROOT, "docs/glossary.md"), "utf8").slice(0, 200));
  });

  it("shows the version that it describes", () => {
    const { version } = JSON.parse(text("version.json")) as { version: string };
    expect(text("delivery.html")).toContain(`docs ${version}`);
  });
});

describe("a page", () => {
  it("cannot contain HTML that GitHub shows and the site does not", () => {
    expect(() => renderPage(ROOT, page("# A\n\n<iframe src='x'></iframe>"))).toThrow(
      "HTML that the site does not allow",
    );
  });

  it("cannot link to a file that does not exist", () => {
    expect(() => renderPage(ROOT, page("[x](missing.md)"))).toThrow("does not exist");
  });

  it("names source files without a link, because the site has no copy of them", () => {
    const { html } = renderPage(ROOT, page("[x](../packages/docs/package.json)"));
    expect(html).toBe('<p><a title="packages/docs/package.json in the repository">x</a></p>\n');
  });

  it("gives headings the anchors of GitHub", () => {
    const { headings } = renderPage(ROOT, page("# A `b` (c)\n\n## Same\n\n## Same"));
    expect(headings.map(({ id }) => id)).toEqual(["a-b-c", "same", "same-1"]);
  });
});

describe("links", () => {
  it.each([
    ["../api.md#errors", { kind: "page", slug: "http-api", anchor: "errors" }],
    ["../receiving", { kind: "page", slug: "receiving/overview", anchor: "" }],
    ["../images/capture-desk-dark.png", { kind: "asset", file: "docs/images/capture-desk-dark.png" }],
    ["https://example.com/", { kind: "external", url: "https://example.com/" }],
  ])("to %s are resolved", (href, target) => {
    expect(resolveLink(ROOT, "docs/features/retries.md", href)).toEqual(target);
  });

  it("are relative, so that a site works at any path", () => {
    expect([relativeUrl("features/retries", "delivery"), relativeUrl("delivery", ""), relativeUrl("a/b", "")]).toEqual([
      "../delivery",
      "./",
      "../",
    ]);
  });
});

describe("the navigation", () => {
  const section = (files: readonly string[]): Section => ({
    id: "s",
    title: "S",
    summary: "",
    groups: [{ title: "G", files }],
  });

  it("rejects a page without a place, a page in two places, and a page that does not exist", () => {
    expect(() => fillSections([page("")], [section([])])).toThrow("Pages without a place");
    expect(() => fillSections([page("")], [section(["example.md", "example.md"])])).toThrow("twice");
    expect(() => fillSections([], [section(["other.md"])])).toThrow("which is not a page");
  });
});
