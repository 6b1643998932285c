import { describe, expect, test } from "vitest";
import { NameResolver } from "./names.ts";
import type { DnsOptions, NameService } from "./names.ts";

/** A DNS server with responses and a clock set by the test. */
function setUp(options: DnsOptions = {}) {
  const state = { now: 0, queries: 0, ttl: 60, answer: async (): Promise<readonly string[]> => ["93.184.215.14"] };
  const service: NameService = {
    async query(_host, family) {
      state.queries++;
      const addresses = family === 4 ? await state.answer() : [];
      return { addresses, ttl: state.ttl };
    },
    probe: () => Promise.resolve(),
    system: () => state.answer(),
    cancel: () => {},
  };
  return { state, names: new NameResolver(service, options, () => state.now) };
}

const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

describe("the cache", () => {
  test("caches a result for its TTL and no longer", async () => {
    const { state, names } = setUp();
    await names.resolve("a.com", false);
    state.now = 59_999;
    await names.resolve("a.com", false);
    expect(state.queries).toBe(2);
    state.now = 60_000;
    await names.resolve("a.com", false);
    expect(state.queries).toBe(4);
  });

  test.each([
    [0, 1000],
    [86_400, 300_000],
  ])("a TTL of %i s is kept %i ms", async (ttl, ms) => {
    const { state, names } = setUp();
    state.ttl = ttl;
    await names.resolve("a.com", false);
    state.now = ms - 1;
    await names.resolve("a.com", false);
    expect(state.queries).toBe(2);
    state.now = ms;
    await names.resolve("a.com", false);
    expect(state.queries).toBe(4);
  });

  test("caches a missing name for the negative TTL, and a failure for one second", async () => {
    const { state, names } = setUp({ negativeTtlMs: 5000 });
    state.answer = failing("ENOTFOUND");
    await expect(names.resolve("a.com", false)).rejects.toMatchObject({ code: "dns_not_found" });
    state.now = 4999;
    await expect(names.resolve("a.com", false)).rejects.toMatchObject({ code: "dns_not_found" });
    expect(state.queries).toBe(2);
    state.answer = failing("ESERVFAIL");
    await expect(names.resolve("b.com", false)).rejects.toMatchObject({ code: "dns_broken" });
    state.now += 1000;
    state.answer = async () => ["93.184.215.14"];
    await expect(names.resolve("b.com", false)).resolves.toHaveLength(1);
  });

  test("never contains more names than its limit", async () => {
    const { names } = setUp({ maxNames: 100 });
    for (let index = 0; index < 1000; index++) await names.resolve(`${index}.com`, false);
    expect(names.size).toBe(100);
  });

  test("makes one query for many requests waiting for the same name", async () => {
    const { state, names } = setUp();
    await Promise.all(Array.from({ length: 50 }, () => names.resolve("a.com", false)));
    expect(state.queries).toBe(2);
  });

  test("stores results of DNS and of the operating system separately", async () => {
    const { state, names } = setUp();
    await names.resolve("a.com", false);
    state.answer = async () => ["10.0.0.1"];
    const [address] = await names.resolve("a.com", true);
    expect(address?.join(".")).toBe("10.0.0.1");
  });
});

test("a resolved value that is not an address is refused, not skipped", async () => {
  const { state, names } = setUp();
  state.answer = async () => ["93.184.215.14", "0x7f.1"];
  await expect(names.resolve("a.com", false)).rejects.toMatchObject({ code: "dns_broken" });
});
