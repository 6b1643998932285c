import { expect, it } from "vitest";
import { systemActor } from "../access.ts";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { openStore } from "../../../test/support/store.ts";
import { pauseEndpoint } from "./set-flow.ts";

it("a pause wakes the lane when it is committed, so that no attempt starts under the earlier state", async () => {
  await using files = await openStore();
  const { services, woken } = servicesOver(files.store);
  await insertEndpoint(services, "https://example.com/", {});
  await files.store.transaction(async ({ db }) => {
    await db.updateTable("application").set({ uid: "customer" }).execute();
    await db.updateTable("endpoint").set({ uid: "receiver" }).execute();
  });
  const actor = systemActor(1, "org_1");
  const call = { ctx: { services, actor, tx: null }, input: { app: "customer", endpoint: "receiver", until: null } };
  await pauseEndpoint(call);
  expect(woken).toEqual([1]);
});
