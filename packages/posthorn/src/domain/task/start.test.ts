import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { openStore } from "../../../test/support/store.ts";
import { insertTask, taskOf } from "../../../test/support/task.ts";
import { systemActor } from "../access.ts";
import { cancelCatchUps } from "../replay/catch-up.ts";
import { startTask } from "./start.ts";

const NEW = { kind: "endpoint.replay", appKey: 1, params: {}, data: { messagesSent: 0 } } as const;
const LIMIT = 20;

/** An application with as many open tasks as it can have. */
async function full(params: object) {
  const files = await openStore();
  const { services } = servicesOver(files.store);
  await insertEndpoint(services, "https://example.com/", {});
  for (let id = 1; id <= LIMIT; id++)
    await insertTask(files.store, { id, kind: "endpoint.replay", params, endpoints: [1] });
  return { files, ctx: { services, actor: systemActor(1, "org_1"), tx: null } };
}

describe("the limit of open tasks of an application", () => {
  it("rejects another task, but not a subscriber's catch-up", async () => {
    const { files, ctx } = await full({});
    await using _ = files;
    await expect(startTask(ctx, NEW)).rejects.toMatchObject({ code: "limit_reached" });
    await expect(startTask(ctx, { ...NEW, isExempt: true })).resolves.toMatchObject({ state: "running" });
  });

  it("does not count catch-ups", async () => {
    const { files, ctx } = await full({ isCatchUp: true });
    await using _ = files;
    await expect(startTask(ctx, NEW)).resolves.toMatchObject({ state: "running" });
  });

  it("counts replays whose reason looks like a catch-up", async () => {
    const { files, ctx } = await full({ reason: '"isCatchUp":true' });
    await using _ = files;
    await expect(startTask(ctx, NEW)).rejects.toMatchObject({ code: "limit_reached" });
  });
});

it("the catch-ups of an endpoint are canceled with it, paused ones too", async () => {
  const { files, ctx } = await full({});
  await using _ = files;
  const { store } = files;
  const catchUp = { kind: "endpoint.replay", params: { isCatchUp: true } } as const;
  await insertTask(store, { ...catchUp, id: 31, endpoints: [1] });
  await insertTask(store, { ...catchUp, id: 32, endpoints: [1] });
  await insertTask(store, { ...catchUp, id: 33, endpoints: [2] });
  await store.transaction(({ db }) => db.updateTable("task").set({ status: "paused" }).where("id", "=", 31).execute());
  await store.transaction((tx) => cancelCatchUps(tx, { appKey: 1, endpointKey: 1 }, ctx.services.now()));
  const states = await Promise.all([31, 32, 33, 1].map(async (id) => (await taskOf(store, id)).status));
  expect(states).toEqual(["canceled", "canceled", "running", "running"]);
});
