import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../src/address/bytes.ts";
import { EGRESS_ERRORS, SPECIAL_RANGES } from "../src/index.ts";

const page = readFileSync(new URL("../../../docs/egress.md", import.meta.url), "utf8");

describe("the page on egress", () => {
  test("lists exactly the existing codes, each under its fault", () => {
    const section = page.slice(page.indexOf("## Who is at fault"), page.indexOf("## Allow private targets"));
    const listed = [...section.matchAll(/^\| `(\w+)`\s*\| (.*?)\s*\|$/gm)].flatMap(([, fault, codes = ""]) =>
      [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => `${fault}: ${code}`),
    );
    const real = Object.entries(EGRESS_ERRORS).map(([code, { fault }]) => `${fault}: ${code}`);
    expect(listed.sort()).toEqual(real.sort());
  });

  test("names every denied range and every metadata address", () => {
    const ipv4Mask = /^(\d+)\.0\.0\.0\/(\d+)$/;
    const missing = SPECIAL_RANGES.filter(({ cidr, network, rule }) => {
      const forms = [cidr, cidr.replace(ipv4Mask, "$1/$2"), cidr.replace(/\.0\.0\/(1[26])$/, "/$1")];
      if (network.bits === network.bytes.length * 8) forms.push(formatAddress(network.bytes));
      // Parts of a larger block that is listed or denied as unallocated.
      const inside = ["orchid", "nat64-reserved", "reserved"].includes(rule);
      return !inside && !forms.some((form) => page.includes(`\`${form}\``));
    });
    expect(missing.map(({ cidr }) => cidr)).toEqual([]);
  });
});

describe("the message of each code", () => {
  test("is short, made of whole sentences, and does not reveal why a target is blocked", () => {
    const odd = Object.values(EGRESS_ERRORS).filter(
      ({ message }) => !/^[A-Z].*\.$/.test(message) || message.length > 140,
    );
    expect(odd).toEqual([]);
    expect(EGRESS_ERRORS.blocked_address.message).not.toMatch(/private|metadata|loopback|address/i);
  });
});
