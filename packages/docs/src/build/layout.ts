/** The HTML around the content of a page. There is no inline script or style, so that the content security policy needs no exception. */
import { relativeUrl, ROOT_MARK } from "./links.ts";
import { escapeHtml, type RenderedPage } from "./markdown.ts";
import type { FilledSection } from "./navigation.ts";
import type { Page } from "./pages.ts";

export interface LayoutOptions {
  readonly page: Page;
  readonly rendered: RenderedPage;
  readonly sections: readonly FilledSection[];
  /** Version of Posthorn that the site describes. */
  readonly version: string;
  /** Paths of scripts, style sheet, logo and font below the root of the site. */
  readonly files: {
    readonly script: string;
    readonly theme: string;
    readonly style: string;
    readonly logo: string;
    readonly font: string;
  };
}

const MAX_DESCRIPTION = 160;

/** The complete document. */
export function layOut({ page, rendered, sections, version, files }: LayoutOptions): string {
  const url = (slug: string): string => relativeUrl(page.slug, slug);
  const isHome = page.slug === "";
  const section = sections.find(({ groups }) => groups.some(({ pages }) => pages.includes(page)));
  const title = isHome ? "Posthorn documentation" : `${page.title} · Posthorn docs`;
  return `<!doctype html>
<html lang="en" data-root="${url("")}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<meta name="description" content="${escapeHtml(shorten(rendered.summary))}">
<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="${url(files.logo)}">
<link rel="preload" as="font" type="font/woff2" href="${url(files.font)}" crossorigin>
<link rel="stylesheet" href="${url(files.style)}">
<link rel="alternate" type="text/markdown" href="${url(markdownPath(page))}">
${scripts(files, url)}
</head>
<body>
${header({ sections, version, files }, isHome ? undefined : section, url)}
<div class="columns${isHome ? " home" : ""}">
${section === undefined || isHome ? "" : sidebar(section, page, url)}
<main id="main" tabindex="-1">
${isHome ? hero(sections, url) : `<p class="eyebrow">${escapeHtml(section?.title ?? "")}</p>`}
<article>
${isHome ? withoutTitle(rendered.html) : rendered.html}
</article>
${isHome ? "" : neighbours(section, page, url)}
<footer><a href="${url(markdownPath(page))}">This page as Markdown</a> · <a href="${url("llms.txt")}">llms.txt</a> · <a href="${url("third-party-notices.txt")}">Third-party licences</a> · Posthorn ${escapeHtml(version)}</footer>
</main>
${isHome ? "" : contents(rendered)}
</div>
</body>
</html>
`;
}

/**
 * The document for paths without a page. It offers the search and links to the first page of each section. It is served at paths of any
 * depth, so its links begin with {@link ROOT_MARK}.
 */
export function layOutMissing({ sections, version, files }: Omit<LayoutOptions, "page" | "rendered">): string {
  const url: Url = (slug) => `${ROOT_MARK}${slug}`;
  return `<!doctype html>
<html lang="en" data-root="${ROOT_MARK}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Page not found · Posthorn docs</title>
<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="${url(files.logo)}">
<link rel="preload" as="font" type="font/woff2" href="${url(files.font)}" crossorigin>
<link rel="stylesheet" href="${url(files.style)}">
${scripts(files, url)}
</head>
<body>
${header({ sections, version, files }, undefined, url)}
<div class="columns home">
<main id="main" tabindex="-1">
<div class="hero"><h1 class="slogan">Page not found</h1><p class="lead">The documentation has no page at this address. It may have moved, or belong to another version.</p>
<p><button type="button" class="search-button" data-search><span>Search the documentation</span> <kbd>/</kbd></button> <a href="${url("")}">All pages</a></p></div>
<div class="cards">${cards(sections, url)}</div>
</main>
</div>
</body>
</html>
`;
}

function scripts(files: LayoutOptions["files"], url: Url): string {
  return `<script src="${url(files.theme)}"></script>
<script type="module" src="${url(files.script)}"></script>`;
}

/** Logo, sections, search and theme. */
function header(
  { sections, version, files }: Pick<LayoutOptions, "sections" | "version" | "files">,
  current: FilledSection | undefined,
  url: Url,
): string {
  return `<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="${url("")}"><img src="${url(files.logo)}" alt="" width="24" height="24"> Posthorn <span class="version">docs ${escapeHtml(version)}</span></a>
<nav class="tabs" aria-label="Sections"><ul>
${sections.map((one) => tab(one, current, url)).join("\n")}
<li><a href="${url("api")}">API reference</a></li>
</ul></nav>
<div class="tools">
<button type="button" class="search-button" data-search><span>Search</span> <kbd>/</kbd></button>
<button type="button" class="icon" data-theme-button aria-label="Switch between light and dark theme"></button>
</div>
</header>`;
}

/** Path of the Markdown file of a page below the root of the site. */
export function markdownPath({ slug }: Pick<Page, "slug">): string {
  return `${slug === "" ? "index" : slug}.md`;
}

type Url = (slug: string) => string;

function tab(section: FilledSection, current: FilledSection | undefined, url: Url): string {
  const mark = section === current ? ' aria-current="true"' : "";
  return `<li><a href="${url(firstPage(section).slug)}"${mark}>${escapeHtml(section.title)}</a></li>`;
}

function firstPage({ groups }: FilledSection): Page {
  const pages = groups.flatMap(({ pages: all }) => all);
  // The home page is reached by the logo.
  return pages.find(({ slug }) => slug !== "")!;
}

/** Navigation of the section. Narrow windows show it as a panel that opens. */
function sidebar({ title, groups }: FilledSection, page: Page, url: Url): string {
  const lists = groups.map((group) => {
    const links = group.pages.map((one) => {
      const mark = one === page ? ' aria-current="page"' : "";
      return `<li><a href="${url(one.slug)}"${mark}>${escapeHtml(one.slug === "" ? "Overview" : one.title)}</a></li>`;
    });
    const open = group.pages.includes(page) || group.pages.length <= 12 ? " open" : "";
    return `<details${open}><summary>${escapeHtml(group.title)}</summary><ul>${links.join("")}</ul></details>`;
  });
  return `<aside class="side"><button type="button" class="menu" data-menu aria-expanded="false" aria-controls="side">Pages in “${escapeHtml(title)}”</button>
<nav id="side" aria-label="Pages in “${escapeHtml(title)}”">${lists.join("\n")}</nav></aside>`;
}

/** The hero of the home page contains its title. */
function withoutTitle(html: string): string {
  return html.replace(/<h1[^>]*>[^]*?<\/h1>/, "");
}

function hero(sections: readonly FilledSection[], url: Url): string {
  return `<div class="hero"><h1 class="slogan">Posthorn documentation</h1><p class="lead">An open, self-hosted webhook platform. Start with what you want to do.</p></div>
<div class="cards">${cards(sections, url)}</div>`;
}

/** The sections for kinds of readers, with their first pages. */
function cards(sections: readonly FilledSection[], url: Url): string {
  return sections
    .filter(({ id }) => id !== "reference")
    .map((section) => {
      const pages = section.groups.flatMap(({ pages: all }) => all).slice(0, 4);
      const links = pages.map(({ slug, title }) => `<li><a href="${url(slug)}">${escapeHtml(title)}</a></li>`);
      return `<section class="card"><h2>${escapeHtml(section.title)}</h2><p>${escapeHtml(section.summary)}</p><ol>${links.join("")}</ol></section>`;
    })
    .join("\n");
}

/** Links to the previous and the next page in reading order. */
function neighbours(section: FilledSection | undefined, page: Page, url: Url): string {
  const pages = section?.groups.flatMap(({ pages: all }) => all).filter(({ slug }) => slug !== "") ?? [];
  const place = pages.indexOf(page);
  const link = (other: Page | undefined, relation: string, label: string): string =>
    other === undefined || place < 0
      ? ""
      : `<a rel="${relation}" href="${url(other.slug)}"><small>${label}</small> ${escapeHtml(other.title)}</a>`;
  return `<nav class="neighbours" aria-label="Reading order">${link(pages[place - 1], "prev", "Previous")}${link(pages[place + 1], "next", "Next")}</nav>`;
}

function contents({ headings }: RenderedPage): string {
  const shown = headings.filter(({ level }) => level === 2 || level === 3);
  if (shown.length < 2) return '<div class="contents"></div>';
  const links = shown.map(
    ({ level, id, text }) => `<li class="level-${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`,
  );
  return `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${links.join("")}</ul></nav>`;
}

function shorten(text: string): string {
  return text.length <= MAX_DESCRIPTION ? text : `${text.slice(0, MAX_DESCRIPTION - 1)}…`;
}
