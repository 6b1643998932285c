/** `posthorn watch try` against a running server. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";
import { useWorld } from "../lib/world.ts";

describe("posthorn watch try", () => {
  const world = useWorld();
  const folder = temporaryFolder();

  beforeAll(async () => {
    await world.api.post("/api/v1/app", { name: "Plant", uid: "plant" });
    for (const [device, t] of [
      ["a", 1],
      ["a", 20],
      ["b", 2],
      ["a", "n/a"],
      ["a", 3],
      ["b", 30],
    ]) {
      const { status } = await world.api.post("/api/v1/app/plant/msg", {
        eventType: "reading",
        payload: { device, t },
      });
      assert.equal(status, 202);
    }
  });
  afterAll(() => folder[Symbol.dispose]());

  const rule = { read: { value: "$.t", key: "$.device" }, when: { above: 10 } };
  const run = async (...args: readonly string[]) => {
    const env = { POSTHORN_URL: world.server.url, POSTHORN_TOKEN: world.server.token };
    await using command = runCli(["watch", "try", "plant", ...args], env);
    return await command.ended;
  };

  it("prints the transitions of a rule in a file", async () => {
    const file = join(folder.path, "rule.json");
    await writeFile(file, JSON.stringify(rule));
    const { code, stdout } = await run(file);
    expect(code).toBe(0);
    expect(stdout).toContain("6 messages, 6 samples, 1 unreadable from ");
    const lines = stdout.split("\n").map((line) => line.split(/\s{2,}/));
    expect(lines).toContainEqual([expect.any(String), "a", "raised", "20", expect.stringMatching(/^msg_/)]);
    expect(lines).toContainEqual([expect.any(String), "a", "cleared", "3", expect.stringMatching(/^msg_/)]);
    expect(lines).toContainEqual([expect.any(String), "b", "raised", "30", expect.stringMatching(/^msg_/)]);
    expect(stdout).toContain("3 transitions. At the end: 1 raised, 1 clear.");
  });

  it("takes the rule of a watch, and prints the response of the API with --json", async () => {
    const body = { uid: "hot", name: "Hot", emit: { type: "hot" }, rule, eventTypes: ["other"] };
    expect((await world.api.post("/api/v1/app/plant/watch", body)).status).toBe(201);
    const { code, stdout } = await run("--watch", "hot", "--json");
    expect({ code, result: JSON.parse(stdout) as unknown }).toMatchObject({
      code: 0,
      result: { messages: 0, transitions: [] },
    });
    const all = await run("--watch", "hot", "--type", "reading", "--json");
    expect(JSON.parse(all.stdout)).toMatchObject({ messages: 6, transitions: { length: 3 } });
  });

  it("names the place of a problem in the rule, and what is missing", async () => {
    const file = join(folder.path, "wrong.json");
    await writeFile(file, JSON.stringify({ when: { all: [{ abov: 1 }] } }));
    expect(await run(file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("rule.when.all.0.abov: Unknown condition.") as string,
    });
    expect(await run()).toMatchObject({ code: 1, stderr: expect.stringContaining("Give either a file") as string });
    await writeFile(file, "{");
    expect(await run(file)).toMatchObject({ code: 1, stderr: expect.stringContaining("is not JSON") as string });
    expect((await run(file, "--limit", "0")).code).toBe(2);
  });
});
