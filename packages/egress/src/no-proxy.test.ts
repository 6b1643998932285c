import { describe, expect, test } from "vitest";
import { parseAllowList } from "./index.ts";
import { parseNoProxy } from "./no-proxy.ts";
import { parsePorts, parseTarget } from "./url.ts";

const RULES = { httpsOnly: false, ports: parsePorts("1-65535"), maxLength: 2048 };
const ANY = parseAllowList("external,loopback,localhost,db,*.corp,*.internal");

function matches(list: string, url: string): boolean {
  const verdict = parseTarget(url, RULES, ANY);
  if (!verdict.ok) throw new Error(`${url}: ${verdict.problem.message}`);
  return parseNoProxy(list).matches(verdict.target);
}

describe("a list of targets without proxy", () => {
  test.each([
    ["", "https://example.com/", false],
    [" , ,", "https://example.com/", false],
    ["*", "https://example.com/", true],
    ["*", "http://10.0.0.1/", true],
    ["*", "http://[fd00::1]/", true],
    ["*:8080", "http://example.com:8080/", true],
    ["*:8080", "http://example.com/", false],
    // Hosts and what is below them.
    ["example.com", "https://example.com/", true],
    ["example.com", "https://www.example.com/", true],
    ["example.com", "https://a.b.example.com:8443/", true],
    ["example.com", "https://notexample.com/", false],
    ["example.com", "https://example.com.evil.com/", false],
    ["example.com", "https://example.org/", false],
    ["db", "http://db:8080/", true],
    ["localhost", "http://localhost:8080/", true],
    ["localhost", "http://127.0.0.1:8080/", false],
    // Suffixes.
    [".example.com", "https://www.example.com/", true],
    [".example.com", "https://example.com/", false],
    [".example.com", "https://notexample.com/", false],
    ["*.example.com", "https://www.example.com/", true],
    ["*.example.com", "https://a.b.example.com/", true],
    ["*.example.com", "https://example.com/", false],
    [".corp", "http://hooks.corp/", true],
    // Case, dots at the end, IDN, white space.
    ["EXAMPLE.com", "https://Example.COM/", true],
    ["example.com.", "https://example.com/", true],
    ["example.com", "https://example.com./", true],
    [".example.com.", "https://www.example.com./", true],
    ["bücher.example.com", "https://xn--bcher-kva.example.com/", true],
    ["xn--bcher-kva.example.com", "https://bücher.example.com/", true],
    ["BÜCHER.example.com", "https://bücher.example.com/", true],
    ["*.bücher.com", "https://shop.bücher.com/", true],
    ["a.com b.com\tc.com\n,d.com", "https://c.com/", true],
    ["a.com,b.com", "https://c.com/", false],
    // Ports.
    ["example.com:443", "https://example.com/", true],
    ["example.com:80", "http://example.com/", true],
    ["example.com:443", "http://example.com/", false],
    ["example.com:8443", "https://example.com:8443/", true],
    ["example.com:8443", "https://www.example.com:8443/", true],
    [".example.com:8443", "https://www.example.com:8443/", true],
    ["*.example.com:8443", "https://www.example.com:9443/", false],
    // Addresses.
    ["10.1.2.3", "http://10.1.2.3/", true],
    ["10.1.2.3", "http://0x0a.1.2.3/", true],
    ["10.1.2.3", "http://10.1.2.4/", false],
    ["10.1.2.3:8080", "http://10.1.2.3:8080/", true],
    ["10.1.2.3:8080", "http://10.1.2.3/", false],
    ["fd00::1", "http://[fd00::1]/", true],
    ["[fd00::1]", "http://[fd00::1]:8080/", true],
    ["[FD00:0:0::1]:8080", "http://[fd00::1]:8080/", true],
    ["[fd00::1]:8080", "http://[fd00::1]/", false],
    ["fd00::2", "http://[fd00::1]/", false],
    ["10.1.2.3", "http://[::ffff:10.1.2.3]/", true],
    // Networks match addresses in URLs; names are not looked up.
    ["10.0.0.0/8", "http://10.200.3.4/", true],
    ["10.0.0.0/8", "http://11.0.0.1/", false],
    ["10.0.0.0/8", "http://[::ffff:10.1.1.1]/", true],
    ["fd00::/8", "http://[fd12::1]/", true],
    ["0.0.0.0/0", "http://10.1.2.3/", true],
    ["0.0.0.0/0", "http://[fd00::1]/", false],
    ["10.0.0.0/8", "https://example.com/", false],
    ["0.0.0.0/0", "https://10.example.com/", false],
  ])("%j and %s: %s", (list, url, expected) => {
    expect(matches(list, url)).toBe(expected);
  });

  test.each([
    "http://example.com",
    "example.com/path",
    "example.com:0",
    "example.com:65536",
    "example.com:http",
    "10.0.0.1/8",
    "10.0.0.0/33",
    "10.0.0.0/8:80",
    "10.0.0",
    "256.1.1.1",
    "[fd00::1",
    "[fd00::]/8",
    "fd00::1]",
    "fd00:::1",
    "*example.com",
    "a.*.com",
    "**.a.com",
    ".",
    "*.",
    "exa mple.com, -a.com",
  ])("refuses %j, and names the word", (list) => {
    expect(() => parseNoProxy(list)).toThrow(
      expect.objectContaining({ code: "invalid_no_proxy", message: expect.stringContaining(list.split(" ").at(-1)!) }),
    );
  });

  test("shows no password when it is given the URL of a proxy", () => {
    expect(() => parseNoProxy("http://me:s3cret@proxy:3128")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("s3cret"), word: "…@proxy:3128" }),
    );
  });
});
