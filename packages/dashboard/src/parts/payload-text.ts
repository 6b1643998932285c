/** Formats a body for display by its content type, or as bytes. Pure functions, so that 1 MiB can be benchmarked. */

export type BodyKind = "json" | "xml" | "form" | "text" | "binary";

export interface Body {
  /** The text as received; base64 for binary bodies. */
  readonly text: string;
  readonly base64: boolean;
  readonly contentType: string;
}

export function kindOf({ base64, contentType, text }: Body): BodyKind {
  if (base64) return "binary";
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  if (type.endsWith("json") || (type === "" && /^\s*[[{]/.test(text))) return "json";
  if (type.endsWith("xml")) return "xml";
  if (type === "application/x-www-form-urlencoded") return "form";
  return "text";
}

export function bytesOf({ text, base64 }: Body): Uint8Array {
  return base64 ? Uint8Array.from(atob(text), (char) => char.charCodeAt(0)) : new TextEncoder().encode(text);
}

/** Formatted lines. JSON is indented without being parsed and serialised, so numbers and names stay as written. */
export function prettyLines(body: Body): readonly string[] {
  switch (kindOf(body)) {
    case "json":
      return indentJson(body.text).split("\n");
    case "xml":
      return indentXml(body.text).split("\n");
    case "form":
      return formLines(body.text);
    case "binary":
      return hexLines(bytesOf(body));
    case "text":
      return body.text.split(/\r\n|\n|\r/);
  }
}

/** Indents a JSON text: changes only the white space between its tokens. */
export function indentJson(text: string): string {
  const parts: string[] = [];
  let depth = 0;
  const line = (): void => void parts.push("\n", "  ".repeat(Math.max(0, depth)));
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/gs)) {
    if (token === "}" || token === "]") {
      depth--;
      if (parts.at(-1) === "{" || parts.at(-1) === "[") parts.push(token);
      else parts.push("\n", "  ".repeat(Math.max(0, depth)), token);
      continue;
    }
    const last = parts.at(-1);
    if (last === "{" || last === "[" || last === ",") line();
    parts.push(token === ":" ? ": " : token);
    if (token === "{" || token === "[") depth++;
  }
  return parts.join("");
}

/** Indents XML: one line for each element with child elements. Text stays on the line of its element. */
export function indentXml(text: string): string {
  const lines: string[] = [];
  let depth = 0;
  for (const [token] of text.trim().matchAll(/<!\[CDATA\[.*?\]\]>|<!--.*?-->|<[^>]*>|[^<]+/gs)) {
    if (token.trim() === "") continue;
    const closes = token.startsWith("</");
    if (closes) depth--;
    const last = lines.length - 1;
    const opener = /^\s*<([^\s/>!?]+)[^>]*>[^<]*$/.exec(lines[last] ?? "");
    if (closes && opener !== null && token.startsWith(`</${opener[1]!}`)) lines[last] += token;
    else if (!token.startsWith("<") && last >= 0) lines[last] += token.trim();
    else lines.push("  ".repeat(Math.max(0, depth)) + token.trim());
    if (token.startsWith("<") && !closes && !/^<[!?]|\/>$/.test(token)) depth++;
  }
  return lines.join("\n");
}

function formLines(text: string): readonly string[] {
  return [...new URLSearchParams(text)].map(([name, value]) => `${name} = ${value}`);
}

const HEX_WIDTH = 16;

/** Hex dump: offset, sixteen bytes, and the printable characters. */
export function hexLines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += HEX_WIDTH) {
    const row = bytes.subarray(at, at + HEX_WIDTH);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(HEX_WIDTH * 3 - 1)}  ${text}`);
  }
  return lines;
}
