import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { parsePorts, parseTarget } from "../url.ts";
import { inNetwork, parseAddress, parseNetwork } from "./bytes.ts";
import type { AddressBytes } from "./bytes.ts";
import { checkAddress, embeddedIPv4, parseNat64 } from "./check.ts";
import type { GuardSettings } from "./check.ts";
import { parseAllowList } from "./rules.ts";
import { SPECIAL_RANGES } from "./special.ts";

const settings: GuardSettings = { deny: parseAllowList(""), own: [], nat64: parseNat64([]) };
const external = parseAllowList("external");
const everyWord = parseAllowList("external,private,loopback,0.0.0.0/0,::/0");
const address = (text: string) => parseAddress(text)!;
const allowed = (text: string, allow = "external", host: string | null = null) =>
  checkAddress(address(text), host, parseAllowList(allow), settings).allowed;

/** Repeated here instead of imported, so that the test finds mistakes in the guard's own table. */
const ipv4Ranges = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["100.100.100.200", 32],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["255.255.255.255", 32],
] as const;

/** Any IPv4 address inside any special range, the first and the last of each more often than others. */
const specialIPv4 = fc.constantFrom(...ipv4Ranges).chain(([first, bits]) => {
  const size = 2 ** (32 - bits);
  const base = new DataView(address(first).buffer).getUint32(0);
  return fc.oneof(fc.constant(0), fc.constant(size - 1), fc.integer({ min: 0, max: size - 1 })).map((offset) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, base + offset);
    return bytes;
  });
});

const number = (bytes: AddressBytes) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
const octal = (value: number) => `0${value.toString(8)}`;
const hex = (value: number) => `0x${value.toString(16)}`;
const wide = (text: string) => text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));

/** Every notation of an IPv4 host that the WHATWG URL parser turns into an address. */
const SPELLINGS: Record<string, (bytes: AddressBytes) => string> = {
  dotted: (b) => b.join("."),
  "with a dot at the end": (b) => `${b.join(".")}.`,
  decimal: (b) => String(number(b)),
  "hex number": (b) => hex(number(b)),
  "octal number": (b) => octal(number(b)),
  "octal parts": (b) => [...b].map(octal).join("."),
  "long octal parts": (b) => [...b].map((part) => `000${part.toString(8)}`).join("."),
  "hex parts": (b) => [...b].map(hex).join("."),
  "upper-case hex": (b) => [...b].map((part) => `0X${part.toString(16).toUpperCase()}`).join("."),
  "two parts": (b) => `${b[0]!}.${number(b) & 0xffffff}`,
  "three parts": (b) => `${b[0]!}.${b[1]!}.${(b[2]! << 8) | b[3]!}`,
  mixed: (b) => `${hex(b[0]!)}.${octal(b[1]!)}.${(b[2]! << 8) | b[3]!}`,
  "full-width digits": (b) => wide(b.join(".")),
  "ideographic dots": (b) => b.join("。"),
  "percent-encoded": (b) => b.join(".").replaceAll(/./g, (c) => `%${c.codePointAt(0)!.toString(16)}`),
};

const pair = (b: AddressBytes, at: number) => ((b[at]! << 8) | b[at + 1]!).toString(16);
const flip = (b: AddressBytes) => b.map((byte) => byte ^ 0xff);

/** Every IPv6 format that embeds an IPv4 address. */
const EMBEDDINGS: Record<string, (bytes: AddressBytes) => string> = {
  "mapped, dotted": (b) => `::ffff:${b.join(".")}`,
  "mapped, hex": (b) => `::ffff:${pair(b, 0)}:${pair(b, 2)}`,
  "mapped, long and upper case": (b) => `0000:0000:0000:0000:0000:FFFF:${b.join(".")}`,
  compatible: (b) => `::${b.join(".")}`,
  "translated (SIIT)": (b) => `::ffff:0:${b.join(".")}`,
  "NAT64, well-known prefix": (b) => `64:ff9b::${b.join(".")}`,
  "NAT64, local prefix": (b) => `64:ff9b:1::${b.join(".")}`,
  "6to4": (b) => `2002:${pair(b, 0)}:${pair(b, 2)}::1`,
  "Teredo client": (b) => `2001:0:4136:e378:8000:63bf:${pair(flip(b), 0)}:${pair(flip(b), 2)}`,
  "Teredo server": (b) => `2001:0:${pair(b, 0)}:${pair(b, 2)}:8000:63bf:1:1`,
  "ISATAP, global prefix": (b) => `2a00:1450:4001:80b:0:5efe:${pair(b, 0)}:${pair(b, 2)}`,
  "ISATAP, universal bit": (b) => `2a00:1450:4001:80b:200:5efe:${pair(b, 0)}:${pair(b, 2)}`,
  "ISATAP, link-local prefix": (b) => `fe80::5efe:${b.join(".")}`,
};

const urlRules = { httpsOnly: false, ports: parsePorts("80"), maxLength: 2048 };

/** The verdict after all checks of a URL: parsing, URL rules, guard. */
function refusedUrl(url: string, allow = external): boolean {
  const verdict = parseTarget(url, urlRules, allow);
  if (!verdict.ok) return true;
  const { literal } = verdict.target;
  return literal !== null && !checkAddress(literal, null, allow, settings).allowed;
}

describe("the guard refuses every special IPv4 address", () => {
  test.each(Object.entries(SPELLINGS))("written as %s", (_name, spell) => {
    fc.assert(
      fc.property(specialIPv4, (bytes) => {
        expect(refusedUrl(`http://${spell(bytes)}/`)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test.each(Object.entries(EMBEDDINGS))("embedded as %s", (_name, embed) => {
    fc.assert(
      fc.property(specialIPv4, (bytes) => {
        expect(refusedUrl(`http://[${embed(bytes)}]/`)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("and names the range that contains it, so that an operator sees why", () => {
    fc.assert(
      fc.property(specialIPv4, (bytes) => {
        const verdict = checkAddress(bytes, null, external, settings);
        const first = SPECIAL_RANGES.find((range) => inNetwork(bytes, range.network))!;
        expect(verdict).toMatchObject({ allowed: false, rule: first.rule });
      }),
    );
  });
});

describe("all notations reach the guard as the same address", () => {
  test.each(Object.entries(SPELLINGS))("a public address written as %s is allowed", (_name, spell) => {
    const spelled = ["8.8.8.8", "93.184.215.14", "1.1.1.1", "223.255.255.255"].map((text) => spell(address(text)));
    expect(spelled.filter((text) => refusedUrl(`http://${text}/`))).toEqual([]);
  });
});

describe("the guard against an independent list (ipaddr.js)", () => {
  const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

  /** Blocked here although the list calls them unicast, each for a different reason. */
  const stricter = (bytes: AddressBytes): boolean => {
    // Nothing outside 2000::/3 is allocated for the public internet.
    if (bytes.length === 16 && bytes[0]! >> 5 !== 1) return true;
    const { rule } = checkAddress(bytes, null, external, settings);
    return ["metadata", "as112", "amt", "isatap", "protocol-assignments"].includes(rule);
  };

  test("allows no IPv4 address that the list calls special", () => {
    fc.assert(
      fc.property(fc.oneof(octets(4), specialIPv4), (bytes) => {
        const theirs = new ipaddr.IPv4([...bytes]).range() === "unicast";
        const mine = checkAddress(bytes, null, external, settings).allowed;
        expect(mine ? theirs : !theirs || stricter(bytes)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  test("allows no IPv6 address that the list calls special", () => {
    const prefixes = SPECIAL_RANGES.filter((range) => range.network.bytes.length === 16);
    const near = fc.tuple(fc.constantFrom(...prefixes), octets(16)).map(([range, random]) => {
      const keep = Math.ceil(range.network.bits / 8);
      return Uint8Array.from(random, (byte, index) => (index < keep ? range.network.bytes[index]! : byte));
    });
    const global = octets(16).map((bytes) => {
      bytes[0] = 0x20 | (bytes[0]! & 0x1f);
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(near, global, octets(16)), (bytes) => {
        const other = new ipaddr.IPv6([...bytes]);
        if (other.range() === "rfc6052") return; // NAT64 depends on the embedded address: tested below.
        const mine = checkAddress(bytes, null, external, settings).allowed;
        const theirs = other.range() === "unicast";
        expect(mine ? theirs : !theirs || stricter(bytes)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("NAT64", () => {
  test("is checked by the embedded IPv4 address", () => {
    expect(allowed("64:ff9b::8.8.8.8")).toBe(true);
    expect(allowed("64:ff9b::10.0.0.1")).toBe(false);
    expect(allowed("64:ff9b::10.0.0.1", "private")).toBe(true);
    expect(allowed("64:ff9b::169.254.169.254", "external,private,loopback,::/0")).toBe(false);
  });

  test.each([32, 40, 48, 56, 64, 96])(
    "an IPv4 address is found after this network's prefix of /%i (RFC 6052 section 2.4)",
    (bits) => {
      const written: Record<number, [string, string]> = {
        32: ["2a0a:b8::/32", "2a0a:b8:c000:221::"],
        40: ["2a0a:b8:100::/40", "2a0a:b8:1c0:2:21::"],
        48: ["2a0a:b8:122::/48", "2a0a:b8:122:c000:2:2100::"],
        56: ["2a0a:b8:122:300::/56", "2a0a:b8:122:3c0:0:221::"],
        64: ["2a0a:b8:122:344::/64", "2a0a:b8:122:344:c0:2:2100::"],
        96: ["2a0a:b8:122:344::/96", "2a0a:b8:122:344::192.0.2.33"],
      };
      const [prefix, text] = written[bits]!;
      expect(embeddedIPv4(address(text), parseNetwork(prefix)!).join(".")).toBe("192.0.2.33");
      const here = { ...settings, nat64: parseNat64([prefix]) };
      expect(checkAddress(address(text), null, external, settings).allowed).toBe(true);
      expect(checkAddress(address(text), null, external, here)).toMatchObject({
        allowed: false,
        rule: "nat64:documentation",
      });
    },
  );

  test("a prefix of another length is rejected when it is parsed", () => {
    expect(() => parseNat64(["2a0a:b8::/33"])).toThrow(/NAT64/);
    expect(() => parseNat64(["10.0.0.0/8"])).toThrow(/NAT64/);
  });
});

describe("allow-list words", () => {
  test.each([
    [
      "private",
      ["10.1.2.3", "172.16.0.1", "192.168.1.1", "fd12::1"],
      ["127.0.0.1", "100.64.0.1", "8.8.8.8", "169.254.1.1"],
    ],
    ["loopback", ["127.0.0.1", "127.255.255.254", "::1"], ["10.0.0.1", "0.0.0.0", "::", "8.8.8.8"]],
    ["external", ["8.8.8.8", "2606:4700::1111"], ["10.0.0.1", "127.0.0.1", "100.64.0.1", "168.63.129.16"]],
    ["10.1.0.0/16", ["10.1.255.255"], ["10.2.0.0", "8.8.8.8", "127.0.0.1"]],
    ["100.64.0.0/10", ["100.100.1.1"], ["100.100.100.200"]],
    ["fd00::/8", ["fd00::1"], ["fd00:ec2::254", "fd20:ce::254"]],
    ["", [], ["8.8.8.8", "127.0.0.1"]],
  ])("%s allows exactly its addresses", (words, open, shut) => {
    expect(open.filter((text) => !allowed(text, words))).toEqual([]);
    expect(shut.filter((text) => allowed(text, words))).toEqual([]);
  });

  test("all words together do not allow link-local, metadata, multicast or embedded addresses", () => {
    const never = SPECIAL_RANGES.filter((range) => range.class === "never");
    expect(never.length).toBeGreaterThan(20);
    const opened = never.filter(
      ({ network }) => checkAddress(network.bytes, "any.example.com", everyWord, settings).allowed,
    );
    // The first /96 of this one is the NAT64 prefix, for which the embedded address counts.
    expect(opened.map(({ cidr }) => cidr).filter((cidr) => cidr !== "64:ff9b::/32")).toEqual([]);
  });

  test("a host word does not allow link-local or metadata addresses", () => {
    expect(allowed("10.0.0.1", "hooks.corp", "hooks.corp")).toBe(true);
    expect(allowed("10.0.0.1", "hooks.corp", "other.corp")).toBe(false);
    expect(allowed("169.254.169.254", "hooks.corp", "hooks.corp")).toBe(false);
    expect(allowed("::ffff:10.0.0.1", "hooks.corp", "hooks.corp")).toBe(false);
  });

  test("a single address allows itself and nothing else", () => {
    expect(allowed("169.254.170.2", "169.254.170.2")).toBe(true);
    expect(allowed("169.254.170.2", "169.254.170.2/32")).toBe(true);
    expect(allowed("169.254.170.2", "169.254.170.2/31")).toBe(false);
    expect(allowed("169.254.169.254", "169.254.170.2")).toBe(false);
  });

  test("the deny list takes precedence over every word, by address and by name", () => {
    const denying = { ...settings, deny: parseAllowList("8.8.8.0/24,*.bad.com") };
    expect(checkAddress(address("8.8.8.8"), null, parseAllowList("external,8.8.8.8"), denying)).toMatchObject({
      rule: "deny-list",
    });
    expect(checkAddress(address("1.1.1.1"), "a.bad.com", external, denying)).toMatchObject({
      allowed: false,
      rule: "deny-list",
    });
    expect(checkAddress(address("1.1.1.1"), "bad.com", external, denying).allowed).toBe(true);
  });

  test("this machine's own public address is blocked unless loopback is allowed or the address is listed", () => {
    const own = { ...settings, own: [address("93.184.215.14")] };
    expect(checkAddress(address("93.184.215.14"), null, external, own)).toMatchObject({
      allowed: false,
      rule: "own-address",
    });
    expect(checkAddress(address("64:ff9b::93.184.215.14"), null, external, own).allowed).toBe(false);
    expect(checkAddress(address("93.184.215.14"), null, parseAllowList("external,loopback"), own).allowed).toBe(true);
    expect(checkAddress(address("93.184.215.14"), null, parseAllowList("93.184.215.14"), own).allowed).toBe(true);
  });

  test("an error names the setting that would allow the address", () => {
    const setting = (text: string) =>
      (checkAddress(address(text), null, external, settings) as { setting: string }).setting;
    expect(setting("10.0.0.1")).toContain(`"private"`);
    expect(setting("127.0.0.1")).toContain(`"loopback"`);
    expect(setting("100.64.0.1")).toContain("CIDR");
    expect(setting("169.254.169.254")).toContain("exactly 169.254.169.254");
  });
});
