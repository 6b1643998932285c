import { createHook } from "node:async_hooks";
import { argon2Sync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkPassword, HASH_PARAMETERS, hashPassword } from "./password-hash.ts";

const CHEAP = { memory: 64, passes: 1, parallelism: 1 };

describe("a hash of a password", () => {
  it("has the parameters that OWASP recommends, and a unique salt", async () => {
    const [one, other] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
    expect(await checkPassword("correct horse", one)).toEqual({ matches: true, isOutdated: false });
    expect(await checkPassword("correct house", one)).toEqual({ matches: false, isOutdated: false });
  });

  it("with other parameters is still accepted, and reported as outdated", async () => {
    const stored = await hashPassword("correct horse", CHEAP);
    expect(await checkPassword("correct horse", stored)).toEqual({ matches: true, isOutdated: true });
  });

  it("is Argon2id of the password in its compatible composed form", async () => {
    const stored = await hashPassword("cafe\u0301 \ufb01ne", CHEAP);
    const [, , , , salt = "", hash = ""] = stored.split("$");
    const nonce = Buffer.from(salt, "base64");
    const expected = argon2Sync("argon2id", { message: "caf\u00e9 fine", nonce, tagLength: 32, ...CHEAP });
    expect(hash).toBe(expected.toString("base64").replaceAll("=", ""));
    expect((await checkPassword("caf\u00e9 fine", stored)).matches).toBe(true);
  });

  it.each([
    "",
    "plain",
    "$argon2id$v=19$m=9999999,t=2,p=1$AAAAAAAAAAA$AAAAAAAA",
    "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAAAAAA",
  ])("that is damaged (%s) matches nothing", async (stored) =>
    expect((await checkPassword("", stored)).matches).toBe(false),
  );

  it("that does not exist takes as much work as one that does", async () => {
    const stored = await hashPassword("correct horse");
    const hashesOf = async (hash: string | null) => {
      const started: string[] = [];
      const hook = createHook({ init: (_, type) => void (type === "ARGON2REQUEST" && started.push(type)) }).enable();
      // Reports hashes with other parameters than those of new ones as outdated.
      const check = await checkPassword("wrong password", hash).finally(() => hook.disable());
      return { hashes: started.length, ...check };
    };
    const expected = { hashes: 1, matches: false, isOutdated: false };
    expect(await hashesOf(stored)).toEqual(expected);
    expect(await hashesOf(null)).toEqual(expected);
    expect(HASH_PARAMETERS.memory).toBe(19_456);
  });
});

describe("many checks at once", () => {
  it("are limited: those beyond the queue are rejected, and the others succeed", async () => {
    const stored = await hashPassword("correct horse", CHEAP);
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => checkPassword("correct horse", stored)));
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(50 - 32);
    expect(refused.every(({ reason }) => (reason as { code: string }).code === "sign_in_busy")).toBe(true);
    expect(results.filter((result) => result.status === "fulfilled").every(({ value }) => value.matches)).toBe(true);
  });
});
