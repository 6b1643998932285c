/** Renders Markdown as GitHub does, with links between pages of the site. */
import GithubSlugger from "github-slugger";
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import ini from "highlight.js/lib/languages/ini";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import php from "highlight.js/lib/languages/php";
import nginx from "highlight.js/lib/languages/nginx";
import python from "highlight.js/lib/languages/python";
import go from "highlight.js/lib/languages/go";
import ruby from "highlight.js/lib/languages/ruby";
import java from "highlight.js/lib/languages/java";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import MarkdownIt from "markdown-it";
import { assetPath, relativeUrl, resolveLink } from "./links.ts";
import { type Page, slugOf } from "./pages.ts";

const LANGUAGES = {
  bash,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  nginx,
  php,
  python,
  ruby,
  sql,
  typescript,
  xml,
  yaml,
};
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases("tsx", { languageName: "typescript" });
hljs.registerAliases(["caddyfile", "caddy"], { languageName: "nginx" });

/** Drawings that become part of the page, so that they follow its theme. */
const DIAGRAMS = "docs/diagrams/";

/** Tags that documents may contain. Everything else in angle brackets would disappear from the page. */
const ALLOWED_HTML = /^(?:<br>|<!--[^]*-->)$/;

export interface Heading {
  readonly level: number;
  readonly id: string;
  readonly text: string;
}

/** Text between two headings, for the search. */
export interface PageSection {
  readonly heading: Heading;
  readonly text: string;
}

export interface RenderedPage {
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly PageSection[];
  /** The first paragraph, without markup. */
  readonly summary: string;
  /** Files of the repository that must be copied to the site. */
  readonly assets: readonly string[];
}

type Token = ReturnType<InstanceType<typeof MarkdownIt>["parse"]>[number];

/** Renders a page. Throws a `BrokenLink` for a link without a target, and an error for HTML that is not allowed. */
export function renderPage(root: string, page: Page): RenderedPage {
  const markdown = new MarkdownIt({ html: true, highlight });
  let tables = 0;
  markdown.renderer.rules["table_open"] = () =>
    `<div class="table" role="region" aria-label="Table ${++tables}" tabindex="0"><table>`;
  markdown.renderer.rules["table_close"] = () => "</table></div>";
  const tokens = markdown.parse(page.source, {});
  explainHelper(page, markdown, tokens);
  const slugger = new GithubSlugger();
  const headings: Heading[] = [];
  const assets = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const inline = tokens[index + 1]!;
      const heading = { level: Number(token.tag.slice(1)), text: plainText(inline), id: "" };
      heading.id = slugger.slug(heading.text);
      token.attrSet("id", heading.id);
      if (heading.level > 1) appendAnchor(inline, heading);
      headings.push(heading);
    }
    requireAllowedHtml(page.file, token);
    requireDrawn(page.file, token);
    alignByClass(token);
    for (const child of token.children ?? []) {
      requireAllowedHtml(page.file, child);
      rewrite(root, page, child, assets);
    }
  }
  return {
    html: markdown.renderer.render(tokens, markdown.options, {}),
    headings,
    sections: sectionsOf(tokens, headings),
    summary: plainText(tokens[tokens.findIndex(({ type }) => type === "paragraph_open") + 1]),
    assets: [...assets],
  };
}

/** The page that defines the helper `call`, which snippets of many pages use. */
const HELPER_PAGE = "docs/api.md";

/** Adds a note above the first snippet that uses the helper about where it is defined, because readers often arrive from a search. */
function explainHelper(page: Page, markdown: InstanceType<typeof MarkdownIt>, tokens: readonly Token[]): void {
  const first = tokens.find(
    ({ type, content }) => type === "fence" && /^ *call (?:GET|POST|PUT|PATCH|DELETE) /m.test(content),
  );
  if (first === undefined || page.file === HELPER_PAGE) return;
  const url = relativeUrl(page.slug, slugOf(HELPER_PAGE)!);
  const fence = markdown.renderer.rules["fence"]!;
  markdown.renderer.rules["fence"] = (all, index, ...rest) =>
    (all[index] === first
      ? `<p class="hint"><code>call</code> is defined in <a href="${url}">the HTTP API</a>.</p>\n`
      : "") + fence(all, index, ...rest);
}

function highlight(code: string, info: string): string {
  const language = info.split(/[\s{]/)[0] ?? "";
  const name = language === "sh" ? "bash" : language;
  const html = hljs.getLanguage(name) === undefined ? escapeHtml(code) : hljs.highlight(code, { language: name }).value;
  return `<pre tabindex="0"><code class="hljs" data-language="${escapeHtml(language)}">${html}</code></pre>`;
}

/** A link to the heading itself, for readers who want to share it. */
function appendAnchor(inline: Token, { id, text }: Heading): void {
  const anchor = Object.assign(Object.create(Object.getPrototypeOf(inline) as object) as Token, inline, {
    type: "html_inline",
    tag: "",
    children: null,
    content: ` <a class="anchor" href="#${id}" aria-label="Link to “${escapeHtml(text)}”">#</a>`,
    meta: { isAnchor: true },
  });
  inline.children?.push(anchor);
}

/** Cells are aligned with a class, because the content security policy forbids the attribute `style`. */
function alignByClass(token: Token): void {
  const place = token.attrIndex("style");
  if (place < 0) return;
  const align = /^text-align:(left|center|right)$/.exec(String(token.attrs![place]![1]))![1]!;
  token.attrs![place] = ["class", `align-${align}`];
}

function requireAllowedHtml(file: string, { type, content, meta }: Token): void {
  if ((type !== "html_inline" && type !== "html_block") || meta?.["isAnchor"] === true) return;
  if (!ALLOWED_HTML.test(content.trim()))
    throw new Error(`${file}: HTML that the site does not allow: ${content.trim()}`);
}

/** Mermaid needs a browser to render, and inline styles to display. */
function requireDrawn(file: string, { type, info }: Token): void {
  if (type === "fence" && /^mermaid\b/.test(info))
    throw new Error(`${file}: a Mermaid diagram. Draw it as an SVG file in ${DIAGRAMS}, and include it as a picture.`);
}

/**
 * Puts a drawing into the page. Its own styles are removed: they are for readers who open the file, and the content security policy forbids
 * them here.
 */
function drawInPage(root: string, token: Token, file: string): void {
  const svg = readFileSync(join(root, file), "utf8")
    .replaceAll(/<(style|title)>[^]*?<\/\1>\s*/g, "")
    .replace("<svg ", `<svg class="diagram" role="img" aria-label="${escapeHtml(token.content)}" `);
  Object.assign(token, { type: "html_inline", tag: "", children: null, content: svg, meta: { isAnchor: true } });
}

function rewrite(root: string, page: Page, token: Token, assets: Set<string>): void {
  const attribute = token.type === "image" ? "src" : token.type === "link_open" ? "href" : null;
  const value = attribute === null ? null : token.attrGet(attribute);
  if (attribute === null || typeof value !== "string") return;
  const target = resolveLink(root, page.file, value);
  switch (target.kind) {
    case "external":
      return;
    case "asset":
      assets.add(target.file);
      if (attribute === "src" && target.file.startsWith(DIAGRAMS)) {
        drawInPage(root, token, target.file);
        return;
      }
      token.attrSet(attribute, relativeUrl(page.slug, assetPath(target.file)));
      if (attribute === "src") token.attrSet("loading", "lazy");
      return;
    case "page": {
      const url = target.slug === page.slug && target.anchor !== "" ? "" : relativeUrl(page.slug, target.slug);
      token.attrSet(attribute, url + (target.anchor === "" ? "" : `#${target.anchor}`));
      return;
    }
    case "repository":
      // The site has no copy of the source, and readers may have no internet access.
      token.attrs = [["title", `${target.file} in the repository`]];
  }
}

/** Text of a token and its children, as a reader sees it. */
function plainText(token: Token | undefined): string {
  if (token === undefined) return "";
  if (token.children === null) return token.type === "html_inline" ? "" : token.content;
  return token.children
    .map((child) => (child.type === "softbreak" ? " " : child.type === "image" ? "" : plainText(child)))
    .join("");
}

function sectionsOf(tokens: readonly Token[], headings: readonly Heading[]): readonly PageSection[] {
  const texts = headings.map((): string[] => []);
  let current = -1;
  let isHeading = false;
  for (const token of tokens) {
    if (token.type === "heading_open") current++;
    if (token.type === "heading_open" || token.type === "heading_close") isHeading = token.type === "heading_open";
    else if (!isHeading && current >= 0 && (token.type === "inline" || token.type === "fence")) {
      texts[current]!.push(plainText(token));
    }
  }
  return headings.map((heading, index) => ({ heading, text: texts[index]!.join(" ").replaceAll(/\s+/g, " ").trim() }));
}

/** Escapes text for an element or an attribute in double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
