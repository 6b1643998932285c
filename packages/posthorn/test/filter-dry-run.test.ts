/** Dry runs of a filter on the newest messages of an application. */
import { startReceiver, type Receiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../src/domain/access.ts";
import { dryRunFilter } from "../src/domain/endpoint/dry-run-filter.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
const folder = temporaryFolder();

beforeAll(async () => {
  node = await startNode(folder.path);
  receiver = await startReceiver();
  tenant = new Tenant(node);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("a dry run of a filter on recent messages", () => {
  it("counts the matching messages, names the reasons for others, and shows samples of both", async () => {
    await tenant.call("POST", "app", { name: "Tried", uid: "tried" });
    const url = `${receiver.url}/tried`;
    await tenant.call("POST", "event-type", { name: "a", description: "" });
    const created = await tenant.call("POST", "app/tried/endpoint", { url, uid: "ep", eventTypes: ["a"] });
    expect(created).toMatchObject({ status: 201 });
    for (const [eventType, payload] of [
      ["a", { n: 5 }],
      ["a", { n: 1 }],
      ["a", { n: 2 }],
      ["a", {}],
      ["b", { n: 9 }],
    ] as const) {
      await tenant.call("POST", "app/tried/msg", { eventType, payload });
    }
    const path = "app/tried/endpoint/ep/filter/dry-run";
    const { status, json } = await tenant.call("POST", path, { filter: { body: { n: { $gt: 3 } } } });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      matched: 1,
      unmatched: 4,
      withoutPayload: 0,
      isPartial: false,
      reasons: [
        { reason: "filter", clause: "body.n.$gt", count: 3 },
        { reason: "event_type", clause: null, count: 1 },
      ],
      matching: [{ eventType: "a", matched: true }],
      notMatching: [{ eventType: "b", reason: "event_type" }, { found: null }, { found: "2" }, { found: "1" }],
    });
    // The same decision as for the message itself.
    const [, , sample] = json["notMatching"] as { messageId: string; message: string }[];
    const one = { message: sample!.messageId, filter: { body: { n: { $gt: 3 } } } };
    const explained = await tenant.call("POST", "app/tried/endpoint/ep/filter/explain", one);
    expect(explained.json["message"]).toBe(sample!.message);

    expect((await tenant.call("POST", path, { limit: 2 })).json).toMatchObject({ matched: 1, unmatched: 1 });
    expect(await tenant.call("POST", path, { filter: { nope: 1 } })).toMatchObject({ status: 422 });
    expect(await tenant.call("POST", path, { limit: 1001 })).toMatchObject({ status: 422 });
  });

  it("leaves out messages whose payload was deleted, and says how many", async () => {
    await tenant.call("POST", "app", { name: "Gone", uid: "gone" });
    await tenant.call("POST", "app/gone/endpoint", { url: `${receiver.url}/gone`, uid: "ep" });
    const { json } = await tenant.call("POST", "app/gone/msg", { eventType: "a", payload: { n: 1 } });
    await tenant.call("DELETE", `app/gone/msg/${String(json["id"])}/content`);
    expect((await tenant.call("POST", "app/gone/endpoint/ep/filter/dry-run", {})).json).toMatchObject({
      matched: 0,
      unmatched: 0,
      withoutPayload: 1,
      from: null,
    });
  });

  it("runs one at a time for an organisation, queues three, and rejects more", async () => {
    await tenant.call("POST", "app", { name: "Busy", uid: "busy" });
    await tenant.call("POST", "app/busy/endpoint", { url: `${receiver.url}/busy`, uid: "ep" });
    await tenant.call("POST", "app/busy/msg", { eventType: "a", payload: {} });
    const { services } = node;
    const organisation = await services.store.db
      .selectFrom("organisation")
      .select(["id", "public_id"])
      .where("public_id", "=", "org_00000000000000000000000test")
      .executeTakeFirstOrThrow();
    const run = (publicId: string) =>
      dryRunFilter({
        ctx: { services, tx: null, actor: systemActor(organisation.id, publicId) },
        input: { app: "busy", endpoint: "ep", filter: null, limit: 10 },
      });
    const calls = await Promise.allSettled([
      ...Array.from({ length: 6 }, () => run(organisation.public_id)),
      run("org_other"),
    ]);
    const results = calls.map((call) =>
      call.status === "fulfilled" ? call.value.matched : (call.reason as { code: string }).code,
    );
    expect(results).toEqual([1, 1, 1, 1, "dry_runs_busy", "dry_runs_busy", 1]);
    expect(await run(organisation.public_id)).toMatchObject({ matched: 1 });
  });
});
