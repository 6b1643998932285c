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

  it("reports the location of a problem in the rule, and missing arguments", async () => {
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

describe("posthorn watch explain and posthorn sources", () => {
  const world = useWorld();
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());

  const run = async (...args: readonly string[]) => {
    const env = { POSTHORN_URL: world.server.url, POSTHORN_TOKEN: world.server.token };
    await using command = runCli(args, env);
    return await command.ended;
  };

  it("list what is raised, and say why", async () => {
    await world.api.post("/api/v1/app", { name: "Plant", uid: "oven" });
    const rule = { read: { value: "$.t", key: "$.device" }, when: { above: 10 }, until: { below: 5 } };
    const body = { uid: "hot", name: "Hot", emit: { type: "hot" }, rule };
    expect((await world.api.post("/api/v1/app/oven/watch", body)).status).toBe(201);
    for (const [device, t] of [
      ["a", 20],
      ["b", 2],
      ["a", 7],
    ]) {
      await world.api.post("/api/v1/app/oven/msg", { eventType: "reading", payload: { device, t } });
    }
    await expect
      .poll(async () => (await run("watch", "explain", "oven", "hot")).stdout, { timeout: 30_000, interval: 300 })
      .toMatch(/^KEY\s+PHASE\s+SINCE\s+VALUE\na\s+raised\s+\S+\s+7\n\n1 clear\.\n$/);
    const { code, stdout } = await run("watch", "explain", "oven", "hot", "a");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^a: raised since /);
    expect(stdout).toContain("`until` does not hold yet; last value 7.");
    const lines = stdout.split("\n").map((line) => line.split(/\s{2,}/));
    expect(lines).toContainEqual(["when", "no", "7", '{"above":10}']);
    expect(lines).toContainEqual(["until", "no", "7", '{"below":5}']);
    const json = JSON.parse((await run("watch", "explain", "oven", "hot", "a", "--json")).stdout) as object;
    expect(json).toMatchObject({ key: "a", phase: "raised", transitions: 1 });
    expect(JSON.parse((await run("watch", "explain", "oven", "hot", "--json")).stdout)).toMatchObject({
      data: [{ key: "a", phase: "raised" }],
      done: true,
    });
    expect((await run("watch", "list", "oven")).stdout).toMatch(/\nhot\s+app_\S+\s+2\s+1\s+0\s+Hot\n$/);
    expect(await run("watch", "explain", "oven", "hot", "missing")).toMatchObject({ code: 1 });
  });

  it("list sources, read one immediately, and send a sample to it", async () => {
    const { json } = await world.api.post("/ingest/api/v1/source", {
      name: "Prices",
      kind: "schedule",
      config: { everySeconds: 3600 },
    });
    const source = String(json.id);
    expect((await run("sources", "list", "--kind", "schedule")).stdout).toMatch(
      new RegExp(String.raw`\n${source}\s+schedule\s+\S+\s+Prices\n$`),
    );
    const polled = await run("sources", "poll", source);
    expect(polled).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^The source was read: \d+ new events?\.\n$/),
    });
    world.receiver.respondWith(() => 503);
    const broken = await world.api.post("/ingest/api/v1/source", {
      name: "Broken",
      kind: "http",
      config: { url: `${world.receiver.url}/prices` },
    });
    assert.equal(broken.status, 201, broken.text);
    const failed = await run("sources", "poll", String(broken.json.id));
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/HTTP 503.*\(target_unavailable\)\n$/) });
    const file = join(folder.path, "sample.json");
    await writeFile(file, '{"t": 81}');
    const sample = await run("sources", "sample", source, "plant.reading", file);
    expect(sample).toMatchObject({ code: 0, stdout: expect.stringMatching(/^msg_\w+\n$/) });
    const event = await world.api.get(`/ingest/api/v1/source/${source}/event/${sample.stdout.trim()}`);
    expect(event.json).toMatchObject({ eventType: "plant.reading" });
  });
});
