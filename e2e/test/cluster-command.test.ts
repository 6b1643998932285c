/** `posthorn cluster` on two nodes, one of which is stopped. */
import { eventually, startReceiver, type TestServer } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { Api } from "../lib/api.ts";
import { runCli } from "../lib/cli.ts";
import { Recorder } from "../lib/recorder.ts";
import { startTwoNodes } from "../lib/two-nodes.ts";

interface Shown {
  /** The node rows of the output, split into columns. */
  readonly nodes: readonly Readonly<Record<string, string>>[];
  readonly summary: string;
}

async function show({ url, token }: TestServer): Promise<Shown> {
  await using command = runCli(["cluster"], { POSTHORN_URL: url, POSTHORN_TOKEN: token });
  const { code, stdout, stderr } = await command.ended;
  expect([code, stderr]).toEqual([0, ""]);
  const [table = "", summary = ""] = stdout.trim().split("\n\n");
  const [names = [], ...rows] = table.split("\n").map((line) => line.trim().split(/ {2,}/));
  return { nodes: rows.map((row) => Object.fromEntries(names.map((name, n) => [name, row[n] ?? ""]))), summary };
}

describe("posthorn cluster", () => {
  it("shows both nodes and their shards, then one of them draining, then the other one with all shards", async () => {
    const held = Promise.withResolvers<number>();
    await using receiver = await startReceiver({ response: () => held.promise });
    await using cluster = await startTwoNodes();
    const { one, two } = cluster;
    const api = new Api(one.url, one.token, new Recorder());
    const becomes = (...wanted: (readonly [state: string, shards: number])[]): Promise<void> =>
      eventually(
        async () => {
          const nodes = (await api.get("/api/v1/cluster")).json.nodes as { state: string; shards: number }[];
          expect(nodes.map(({ state, shards }) => [state, shards])).toEqual(wanted);
        },
        { intervalMs: 200 },
      );
    await becomes(["working", 32], ["working", 32]);
    const both = await show(one);
    expect(both.nodes.map(({ NODE, STATE, SHARDS }) => [NODE, STATE, SHARDS])).toEqual([
      [expect.stringMatching(/^\d+ \*$/), "working", "32"],
      [expect.stringMatching(/^\d+$/), "working", "32"],
    ]);
    expect(both.summary).toContain("64 shards, each with a node");

    // Each node has an attempt in flight, for which the stopping node waits.
    await api.post("/api/v1/app", { name: "Cluster", uid: "cluster" });
    for (let n = 0; n < 16; n++) await api.post("/api/v1/app/cluster/endpoint", { url: `${receiver.url}/${n}` });
    await api.post("/api/v1/app/cluster/msg", { eventType: "a", payload: {} });
    await receiver.waitForCount(16);
    const stopping = two.stop();
    await eventually(async () => {
      const { nodes } = (await api.get("/api/v1/cluster")).json as { nodes: { state: string }[] };
      expect(nodes.map(({ state }) => state)).toEqual(["working", "draining"]);
    });
    expect((await show(one)).nodes.map(({ STATE }) => STATE)).toEqual(["working", "draining"]);
    held.resolve(204);
    expect(await stopping).toEqual({ code: 0, signal: null });
    await becomes(["working", 64]);
    const left = await show(one);
    expect(left.nodes.map(({ STATE, SHARDS }) => [STATE, SHARDS])).toEqual([["working", "64"]]);
    expect(left.summary).toContain("64 shards, each with a node");
    expect(receiver.requests).toHaveLength(16);
  });
});
