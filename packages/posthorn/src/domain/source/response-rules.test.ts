import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { responseType, isResponseHeader } from "./response-rules.ts";

describe("a header", () => {
  it.each([
    "Content-Type",
    "retry-after",
    "cache-control",
    "content-language",
    "Allow",
    "WebHook-Allowed-Origin",
    "webhook-allowed-rate",
    "X-Mine",
    "x-hook-secret",
    "x-request-id",
    "X-Slack-No-Retry",
  ])("can be set by a source if only senders read it: %s", (name) => {
    expect(isResponseHeader(name)).toBe(true);
  });

  it.each([
    "Content-Security-Policy",
    "content-security-policy-report-only",
    "Service-Worker-Allowed",
    "service-worker-navigation-preload",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
    "x-webkit-csp",
    "x-content-security-policy",
    "x-sourcemap",
    "x-ua-compatible",
    "x-dns-prefetch-control",
    "x-permitted-cross-domain-policies",
    "x-robots-tag",
    "X-Accel-Redirect",
    "x-accel-buffering",
    "X-Sendfile",
    "x-lighttpd-send-file",
    "x-litespeed-location",
    "x-reproxy-url",
    "x-envoy-immediate-health-check-fail",
    "x-forwarded-host",
    "x-original-url",
    "x-http-method-override",
    "x-posthorn-hops",
    "clear-site-data",
    "refresh",
    "alt-svc",
    "strict-transport-security",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "cross-origin-opener-policy",
    "cross-origin-embedder-policy",
    "cross-origin-resource-policy",
    "set-cookie",
    "Set-Cookie2",
    "link",
    "nel",
    "report-to",
    "reporting-endpoints",
    "www-authenticate",
    "proxy-authenticate",
    "location",
    "content-location",
    "content-disposition",
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "trailer",
    "connection",
    "keep-alive",
    "upgrade",
    "date",
    "server",
    "via",
    "vary",
    "etag",
    "permissions-policy",
    "document-policy",
    "referrer-policy",
    "origin-agent-cluster",
    "speculation-rules",
    "supports-loading-mode",
    "sourcemap",
    "timing-allow-origin",
    "use-as-dictionary",
    "x-",
    "x-a b",
    "x-a:b",
    "x_mine",
    "",
  ])("cannot be set by a source if browsers or proxies act on it: %s", (name) => {
    expect(isResponseHeader(name)).toBe(false);
    expect(isResponseHeader(name.toUpperCase())).toBe(false);
  });
});

/** Values of `content-type`, with the type that is sent for a source, a receiver and a guest on the origin. */
const TYPES: readonly (readonly [type: string, source: string, receiver: string, plain: string])[] = [
  ["application/json", "application/json", "application/json", "application/json"],
  ["Application/JSON; Charset=UTF-8", ...three("application/json; charset=utf-8")],
  ["application/problem+json", ...three("application/problem+json")],
  ["text/json", ...three("text/json")],
  ["text/plain", ...three("text/plain")],
  ['application/json; x="text/html"', ...three("application/json")],
  ["application/json; x=text/html", ...three("text/plain")],
  ["application/xml", "application/xml", "application/xml", "text/plain"],
  ['TEXT/XML; charset="utf-8"', "text/xml; charset=utf-8", "text/xml; charset=utf-8", "text/plain; charset=utf-8"],
  ["text/html", "text/html", "text/plain", "text/plain"],
  ["text/html; x=json", "text/html", "text/plain", "text/plain"],
  ["TEXT/HTML;charset=utf-7", "text/html; charset=utf-8", "text/plain", "text/plain"],
  ["text/csv", "text/csv", "text/plain", "text/plain"],
  ["application/soap+xml", "application/soap+xml", "text/plain", "text/plain"],
  ["application/jsonp", ...three("text/plain")],
  ["application/x-json", ...three("text/plain")],
  ["application/jsonp+json", ...three("application/jsonp+json")],
  ["application/javascript", ...three("text/plain")],
  ["text/javascript", ...three("text/plain")],
  ["text/javascript; x=application/json", ...three("text/plain")],
  ["text/ecmascript", ...three("text/plain")],
  ["application/wasm", ...three("text/plain")],
  ["text/css", ...three("text/plain")],
  ["image/svg+xml", ...three("text/plain")],
  ["image/svg+xml+json", ...three("text/plain")],
  ["application/xhtml+xml", ...three("text/plain")],
  ["application/pdf", ...three("text/plain")],
  ["multipart/x-mixed-replace; boundary=a", ...three("text/plain")],
  ["text/cache-manifest", ...three("text/plain")],
  ["text/html, application/json", ...three("text/plain")],
  ["application/json, text/html", ...three("text/plain")],
  ["application/json; a=b, text/html", ...three("text/plain")],
  ['application/json; a="b, text/html"', ...three("text/plain")],
  ["application/json text/html", ...three("text/plain")],
  ["application/json/text/html", ...three("text/plain")],
  ["application\\json", ...three("text/plain")],
  ["json", ...three("text/plain")],
  ["*/*", ...three("text/plain")],
  ["/", ...three("text/plain")],
  ["", ...three("text/plain")],
  [`application/json; a=${"b".repeat(300)}`, ...three("text/plain")],
];

function three(type: string): readonly [string, string, string] {
  return [type, type, type];
}

describe("the content type of a response", () => {
  it.each(TYPES)("depends on the parsed type, and is plain text when in doubt: %s", (type, source, receiver, plain) => {
    const sent = (["source", "receiver", "plain"] as const).map((trust) => responseType(type, trust));
    expect(sent).toEqual([source, receiver, plain]);
  });

  it("is never one that a browser executes or parses as markup, for any text of a receiver or a guest", () => {
    const words = [
      "text/html",
      "json",
      "application/",
      "xml",
      "javascript",
      "/",
      ";",
      ",",
      " ",
      '"',
      "charset=",
      "+",
      "svg",
    ];
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(responseType(text, "plain")).toMatch(
          /^(text\/(plain|json)|application\/([\w.-]+\+)?json)(; charset=[\w-]+)?$/,
        );
        expect(responseType(text, "receiver")).not.toMatch(/html|javascript|svg|,/);
      }),
    );
  });
});
