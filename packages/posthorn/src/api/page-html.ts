import { escapeHtml } from "../lib/html.ts";

/** Content of a small page that the server renders itself. */
export interface PageContent {
  /** Language tag. */
  readonly language: string;
  /** As text. */
  readonly title: string;
  /** CSS, which the policy of the response must allow. */
  readonly style: string;
  /** Below the title, as HTML. */
  readonly body: string;
}

/** Renders a page that no search engine may list. */
export function pageHtml({ language, title, style, body }: PageContent): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body><main><h1>${escapeHtml(title)}</h1>${body}</main></body>
</html>
`;
}
