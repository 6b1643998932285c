import { readHeaders } from "../request.ts";
import type { Attempt, FindingCode, Remedy } from "./attempt.ts";

const PROXY = "Set the public URL, or trust the headers of the proxy.";

type Edit = readonly [code: FindingCode, message: string, edit: (url: URL) => string | undefined];

/** URLs that the sender may have called: proxies change scheme, host and port; routers change the path. */
export function* urlRemedies(attempt: Attempt): Generator<Remedy> {
  const configured = Object.values(attempt.config).some((value) => parse(value ?? "") !== undefined);
  if (configured) {
    const message = "The URL in the settings is not the one that the sender calls. The URL of the request matches.";
    yield { code: "url_of_request", message, attempt: mapUrls(attempt, () => attempt.request.url) };
  }
  for (const [code, message, edit] of edits(attempt)) {
    let changed = false;
    const edited = mapUrls(attempt, (text, url) => {
      const result = edit(url);
      if (result === undefined || result === text) return text;
      changed = true;
      return result;
    });
    if (changed) yield { code, message, attempt: edited };
  }
}

function edits(attempt: Attempt): Edit[] {
  const headers = readHeaders(attempt.request.headers);
  const first = (name: string) => headers.get(name)?.split(",")[0]?.trim();
  const protocol = first("x-forwarded-proto");
  const hosts = [first("x-forwarded-host"), first("x-original-host"), headers.get("host")].filter(
    (host) => host !== undefined,
  );
  const schemes = ["https:", "http:"].filter((scheme) => protocol === undefined || scheme === `${protocol}:`);
  const list: Edit[] = ["https:", "http:"].map((scheme): Edit => {
    const message = `The sender called ${scheme}//…, but the URL that is verified has a different scheme. ${PROXY}`;
    return ["url_scheme", message, (url) => url.href.replace(/^https?:/, scheme)];
  });
  const hostMessage = `The sender called a different host from the one in the URL that is verified. ${PROXY}`;
  for (const host of new Set(hosts)) {
    list.push(["url_host", hostMessage, (url) => url.href.replace(url.host, host)]);
    for (const scheme of schemes) {
      list.push(["url_host", hostMessage, (url) => `${scheme}//${host}${url.pathname}${url.search}`]);
    }
  }
  return [...list, ...pathEdits()];
}

function pathEdits(): Edit[] {
  const slash =
    "The sender's URL and the URL that is verified differ in a trailing slash. Use the URL as configured at the sender.";
  return [
    [
      "url_port",
      `The URL that the sender called has no port. ${PROXY}`,
      (url) => url.href.replace(url.host, url.hostname),
    ],
    ["url_trailing_slash", slash, (url) => url.origin + url.pathname.replace(/\/$/, "") + url.search],
    ["url_trailing_slash", slash, (url) => url.origin + url.pathname.replace(/\/?$/, "/") + url.search],
    [
      "url_query",
      "The sender signed the URL without its query. Verify it without the query.",
      (url) => url.origin + url.pathname,
    ],
    [
      "url_encoding",
      "The sender signed the URL without percent-encoding. Decode it before verifying.",
      (url) => decoded(url.href),
    ],
  ];
}

/** Applies an edit to every absolute URL of an attempt: the request's, and those in the settings. */
function mapUrls(attempt: Attempt, edit: (text: string, url: URL) => string): Attempt {
  const map = (text: string): string => {
    const url = parse(text);
    return url === undefined ? text : edit(text, url);
  };
  const config = Object.entries(attempt.config).map(([name, value]) => [
    name,
    value === undefined ? value : map(value),
  ]);
  const request = { ...attempt.request, url: map(attempt.request.url) };
  return { ...attempt, request, config: Object.fromEntries(config) as Attempt["config"] };
}

function parse(text: string): URL | undefined {
  return /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
