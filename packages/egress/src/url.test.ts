import { describe, expect, test } from "vitest";
import { parseAllowList } from "./address/rules.ts";
import { DEFAULT_PORTS, parsePorts, parseTarget } from "./url.ts";
import type { UrlRules } from "./url.ts";

const rules: UrlRules = { httpsOnly: false, ports: parsePorts(DEFAULT_PORTS), maxLength: 2048 };
const external = parseAllowList("external");
const rule = (url: string, more: Partial<UrlRules> = {}, allow = external) => {
  const verdict = parseTarget(url, { ...rules, ...more }, allow);
  return verdict.ok ? "ok" : verdict.problem.rule;
};

describe("URL rules", () => {
  test.each([
    ["https://example.com/hooks?a=1", "ok"],
    ["https://xn--bcher-kva.example.com/", "ok"],
    ["https://bücher.example.com/", "ok"],
    ["https://example.com:8443/", "ok"],
    ["not a url", "control-character"],
    ["example.com", "syntax"],
    ["//example.com", "syntax"],
    ["ftp://example.com/", "scheme"],
    ["file:///etc/passwd", "scheme"],
    ["gopher://example.com/", "scheme"],
    ["javascript:alert(1)", "scheme"],
    ["https://user@example.com/", "user-info"],
    ["https://user:pass@example.com/", "user-info"],
    ["https://:pass@example.com/", "user-info"],
    ["https://example.com/#x", "fragment"],
    ["https://example.com/#", "fragment"],
    ["https://example.com/a b", "control-character"],
    ["https://example.com/\r\nX: y", "control-character"],
    ["https://exa\tmple.com/", "control-character"],
    ["\u0000https://example.com/", "control-character"],
    ["https://example.com/\u0085", "control-character"],
    ["https://example.com:22/", "port"],
    ["https://example.com:25/", "port"],
    ["http://example.com:6667/", "port"],
    ["https://example.com:0/", "port"],
    [`https://example.com/${"a".repeat(2048)}`, "length"],
    [`https://example.com/${"ü".repeat(1000)}`, "length"],
    ["http://kubernetes/", "single-label"],
    ["http://localhost/", "single-label"],
    ["http://localhost./", "single-label"],
    ["http://printer.local/", "private-suffix"],
    ["http://a.svc.cluster.local/", "private-suffix"],
    ["http://db.internal/", "private-suffix"],
    ["http://app.localhost/", "private-suffix"],
    ["http://router.home.arpa/", "private-suffix"],
    ["http://metadata.google.internal/", "metadata-name"],
    ["http://metadata.google.internal./", "metadata-name"],
    ["http://METADATA.google.internal/", "metadata-name"],
    ["http://metadata.goog/", "metadata-name"],
    ["https://exa..mple.com/", "host"],
    ["https://example.com../", "host"],
    ["https://-example.com/", "host"],
    [`https://${"a".repeat(64)}.com/`, "host"],
    [`https://${"a.".repeat(127)}com/`, "host"],
  ])("%j is %s", (url, expected) => {
    expect(rule(url)).toBe(expected);
  });

  test("httpsOnly refuses http", () => {
    expect(rule("http://example.com/", { httpsOnly: true })).toBe("https-only");
    expect(rule("https://example.com/", { httpsOnly: true })).toBe("ok");
  });

  test("a host word allows a private name, loopback allows localhost, and no other word does", () => {
    expect(rule("http://hooks.corp/", {}, parseAllowList("*.corp"))).toBe("ok");
    expect(rule("http://receiver/", {}, parseAllowList("receiver"))).toBe("ok");
    expect(rule("http://localhost:3000/", {}, parseAllowList("loopback"))).toBe("ok");
    expect(rule("http://hooks.corp/", {}, parseAllowList("private,loopback,0.0.0.0/0"))).toBe("private-suffix");
  });

  test("returns the parts of a single parse: lower case, no trailing dot, path and query as sent", () => {
    const verdict = parseTarget("HTTPS://ExAmple.COM.:8443/A/../b?q=%20", rules, external);
    expect(verdict).toMatchObject({
      ok: true,
      target: {
        secure: true,
        origin: "https://example.com:8443",
        host: "example.com",
        port: 8443,
        path: "/b?q=%20",
        literal: null,
      },
    });
  });

  test("an IPv6 literal keeps its brackets in the origin only", () => {
    const verdict = parseTarget("http://[2606:4700::1111]/", rules, external);
    expect(verdict).toMatchObject({
      ok: true,
      target: { origin: "http://[2606:4700::1111]:80", host: "2606:4700::1111" },
    });
  });
});

describe("parsePorts", () => {
  test("reads single ports, ranges and exceptions; later words take precedence", () => {
    const ports = parsePorts("80, 8000-8010 !8005 443");
    expect([80, 443, 8000, 8010].every((port) => ports.has(port))).toBe(true);
    expect([22, 8005, 8011, 0].some((port) => ports.has(port))).toBe(false);
  });

  test.each(["0", "65536", "9-8", "a", "80-", "!"])("refuses %j and names it", (word) => {
    expect(() => parsePorts(`80,${word}`)).toThrow(expect.objectContaining({ code: "invalid_port_list", word }));
  });
});
