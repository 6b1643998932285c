import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { formatAddress, inNetwork, parseAddress, parseNetwork, unmap } from "./bytes.ts";

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe("parseAddress", () => {
  test("reads every address that an independent library writes, to the same bytes", () => {
    fc.assert(
      fc.property(fc.oneof(octets(4), octets(16)), (bytes) => {
        const other = ipaddr.fromByteArray([...bytes]);
        expect(parseAddress(other.toString())).toEqual(bytes);
        expect(parseAddress(other.toNormalizedString())).toEqual(bytes);
      }),
    );
  });

  test("never accepts a notation that an independent library reads as another address", () => {
    const soup = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdfx:.%/ ")), maxLength: 24 });
    fc.assert(
      fc.property(soup, (text) => {
        const mine = parseAddress(text);
        expect(mine === null || ipaddr.parse(text).toByteArray().join() === mine.join()).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ["", "empty"],
    ["1.2.3", "short"],
    ["1.2.3.4.5", "long"],
    ["01.2.3.4", "octal"],
    ["0x7f.0.0.1", "hex"],
    ["256.0.0.1", "too large"],
    ["1.2.3.4 ", "space"],
    [":::", "three colons"],
    ["1::2::3", "two runs"],
    ["1:2:3:4:5:6:7:8:9", "nine groups"],
    ["1:2:3:4:5:6:7::8", "run of none"],
    ["::1.2.3.4:5", "dotted not at the end"],
    ["1.2.3.4::", "dotted first"],
    ["fe80::1%eth0", "zone"],
    ["12345::", "five digits"],
    ["1:", "one colon"],
  ])("refuses %j (%s)", (text) => {
    expect(parseAddress(text)).toBeNull();
  });
});

describe("formatAddress", () => {
  test("writes IPv6 as RFC 5952 does, as an independent library confirms", () => {
    fc.assert(
      fc.property(octets(16), (bytes) => {
        expect(formatAddress(bytes)).toBe(new ipaddr.IPv6([...bytes]).toRFC5952String());
      }),
    );
  });
});

describe("parseNetwork", () => {
  test("rejects bits after the prefix length, so that a typo does not allow a larger network", () => {
    expect(parseNetwork("10.0.0.1/8")).toBeNull();
    expect(parseNetwork("10.0.0.0/8")).toEqual({ bytes: Uint8Array.of(10, 0, 0, 0), bits: 8 });
    const bad = ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0.0/8/8", "10.0.0.0/08"];
    expect(bad.filter((text) => parseNetwork(text) !== null)).toEqual([]);
  });

  test("agrees with an independent library on what lies inside", () => {
    fc.assert(
      fc.property(octets(4), octets(4), fc.integer({ min: 0, max: 32 }), (a, b, bits) => {
        const base = ipaddr.IPv4.networkAddressFromCIDR(`${b.join(".")}/${bits}`);
        const network = parseNetwork(`${base.toString()}/${bits}`);
        const theirs = new ipaddr.IPv4([...a]).match(base, bits);
        expect(inNetwork(a, network!)).toBe(theirs);
      }),
    );
  });
});

describe("unmap", () => {
  test("converts ::ffff:a.b.c.d to its four bytes and returns other addresses unchanged", () => {
    expect(unmap(parseAddress("::ffff:10.1.2.3")!)).toEqual(Uint8Array.of(10, 1, 2, 3));
    for (const text of ["::10.1.2.3", "::ffff:0:10.1.2.3", "64:ff9b::10.1.2.3", "1::ffff:10.1.2.3"]) {
      const bytes = parseAddress(text)!;
      expect(unmap(bytes)).toBe(bytes);
    }
  });
});
