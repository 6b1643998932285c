/** Parses a pasted request: an optional request line, headers, an empty line, and the body. */

export interface PastedRequest {
  readonly method: string;
  /** Absolute when there is a Host header, otherwise only the path. */
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

export function parseRequest(text: string): PastedRequest {
  const { head, body } = split(text.replace(/^\s*\n/, ""));
  const lines = head.split(/\r?\n/);
  const line = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/.exec(lines[0]?.trim() ?? "");
  const headers = (line === null ? lines : lines.slice(1)).flatMap((one): readonly (readonly [string, string])[] => {
    // Browser tools and `curl -v` prefix headers with "<" or ">".
    const match = /^\s*(?:[<>] )?([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s?(.*)$/.exec(one);
    return match === null ? [] : [[match[1]!, match[2]!.trim()]];
  });
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1];
  const path = line?.[2] ?? "/";
  const url = host === undefined || path.includes("://") ? path : `https://${host}${path}`;
  return { method: line?.[1] ?? "POST", url, headers, body: new TextEncoder().encode(body) };
}

function split(text: string): { readonly head: string; readonly body: string } {
  const gap = /\r?\n\r?\n/.exec(text);
  if (gap === null) return { head: text, body: "" };
  return { head: text.slice(0, gap.index), body: text.slice(gap.index + gap[0].length) };
}
