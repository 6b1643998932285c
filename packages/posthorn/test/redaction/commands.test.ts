/** Commands of `posthorn redaction`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command } from "../support/command.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;

beforeAll(async () => {
  node = await startNode(folder.path);
  await new Tenant(node).setUp("https://example.com/");
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const run = (...args: readonly string[]): ReturnType<typeof command> =>
  command("redaction", ...args, "--url", node.url, "--token", node.token);

describe("posthorn redaction", () => {
  it("adds a rule, tries it, lists it and removes it", async () => {
    const added = await run("add", "--path", "$.email", "--app", "app", "--event-type", "a", "--description", "Mail");
    expect(added).toMatchObject({ code: 0, err: "" });
    const id = added.out.trim();
    const file = join(folder.path, "sample.json");
    writeFileSync(file, '{"email": "ada@example.com", "n": 1}');
    const tried = await run("try", file, "--app", "app", "--event-type", "a");
    expect(tried.out).toContain("[redacted]");
    expect(tried.out).not.toContain("ada@example.com");
    expect(tried.err).toContain("1 parts redacted");
    // A different rule from the stored one.
    const other = await run("try", file, "--path", "$.n");
    expect(other.out).toContain("ada@example.com");
    const list = await run("list");
    expect(list.out).toMatch(new RegExp(`${id}\\s+mask\\s+\\$\\.email\\s+app_\\w+\\s+a\\s+active\\s+Mail`));
    expect((await run("remove", id)).code).toBe(0);
    expect((await run("list")).out).not.toContain(id);
  });

  it("explains an invalid rule, and changes nothing", async () => {
    for (const args of [[], ["--path", "email"], ["--pattern", "("], ["--path", "$.a", "--pattern", "a"]]) {
      const { code, err } = await run("add", ...args);
      expect([code, err]).toEqual([1, expect.stringMatching(/\S/)]);
    }
    expect((await run("add", "--path", "$.a", "--action", "shred")).code).toBe(1);
    expect((await run("remove", "rule_none")).code).toBe(1);
    expect((await run("list")).out.trim().split("\n")).toHaveLength(1);
  });
});
