/** Markdown within a sentence, as the setup steps of providers use it: emphasis, code and links. */
export type InlinePart =
  | { readonly kind: "text" | "emphasis" | "code"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string };

const MARKS = /\*([^*]+)\*|`([^`]+)`|<(https:\/\/[^>\s]+)>|\[([^\]]+)\]\((https:\/\/[^)\s]+)\)/g;

/** Splits a sentence into its parts. Other markup stays as it is. */
export function inlineParts(sentence: string): readonly InlinePart[] {
  const parts: InlinePart[] = [];
  let end = 0;
  for (const match of sentence.matchAll(MARKS)) {
    const [all, emphasis, code, url, text, href] = match;
    if (match.index > end) parts.push({ kind: "text", text: sentence.slice(end, match.index) });
    end = match.index + all.length;
    if (emphasis !== undefined) parts.push({ kind: "emphasis", text: emphasis });
    else if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (url !== undefined) parts.push({ kind: "link", text: url.slice("https://".length), href: url });
    else parts.push({ kind: "link", text: text!, href: href! });
  }
  if (end < sentence.length) parts.push({ kind: "text", text: sentence.slice(end) });
  return parts;
}
