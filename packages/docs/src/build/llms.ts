/** Texts for language models and scripts: each page as Markdown, an index of them (llms.txt), and all of them in one file. */
import { dirname, posix } from "node:path";
import { markdownPath } from "./layout.ts";
import { assetPath, relativeUrl, resolveLink } from "./links.ts";
import type { RenderedPage } from "./markdown.ts";
import type { FilledSection } from "./navigation.ts";
import type { Page } from "./pages.ts";

const LINK = /(\]\()([^)\s]+)(\))/g;
const CODE = /(^```[^]*?^```$|`[^`\n]+`)/m;

/** The Markdown of a page, with links to the Markdown of other pages. */
export function plainMarkdown(root: string, page: Page): string {
  const parts = page.source.split(new RegExp(CODE, "gm"));
  return parts
    .map((part, place) =>
      place % 2 === 1
        ? part
        : part.replaceAll(
            LINK,
            (_, open: string, href: string, close: string) => open + markdownLink(root, page, href) + close,
          ),
    )
    .join("");
}

function markdownLink(root: string, page: Page, href: string): string {
  const target = resolveLink(root, page.file, href);
  if (target.kind === "external") return href;
  if (target.kind === "repository") return `/${posix.join(dirname(target.file), posix.basename(target.file))}`;
  if (target.kind === "asset") return relativeUrl(page.slug, assetPath(target.file));
  return relativeUrl(page.slug, markdownPath(target)) + (target.anchor === "" ? "" : `#${target.anchor}`);
}

/** `llms.txt` (https://llmstxt.org): the sections with a link to the Markdown of each page. */
export function llmsIndex(sections: readonly FilledSection[], rendered: ReadonlyMap<Page, RenderedPage>): string {
  const parts = sections.map(({ title, summary, groups }) => {
    const lines = groups
      .flatMap(({ pages }) => pages)
      .map((page) => {
        const about = rendered.get(page)!.summary.replaceAll(/\s+/g, " ");
        return `- [${page.title}](${markdownPath(page)})${about === "" ? "" : `: ${about.slice(0, 200)}`}`;
      });
    return `## ${title}\n\n${summary}\n\n${lines.join("\n")}\n`;
  });
  return `# Posthorn\n\n> An open, self-hosted webhook platform: it sends, signs, retries and receives webhooks.\n\n[All pages in one file](llms-full.txt)\n\n${parts.join("\n")}`;
}

/** All pages in reading order. */
export function llmsFull(root: string, sections: readonly FilledSection[]): string {
  const pages = sections.flatMap(({ groups }) => groups.flatMap((group) => group.pages));
  return pages.map((page) => `<!-- ${markdownPath(page)} -->\n\n${plainMarkdown(root, page).trim()}\n`).join("\n\n");
}
