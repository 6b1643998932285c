/** The hidden endpoint of a replay to a URL exists only for as long as the replay and its deliveries. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { expect, it } from "vitest";
import { Maintenance } from "../src/workers/maintenance.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const DAY_MS = 86_400_000;

/** Number of replay targets after maintenance has run once. */
async function targetsAfterMaintenance({ services }: TestNode): Promise<number> {
  await using maintenance = new Maintenance({
    auditMs: null,
    requestLogMs: 86_400_000,
    services: () => services,
    periods: { payloadMs: DAY_MS, attemptMs: DAY_MS, failureMs: DAY_MS },
    clock: new ManualClock(),
    leads: () => true,
    onFailure: (error) => {
      throw error;
    },
  });
  await maintenance.run();
  const rows = await services.store.db
    .selectFrom("endpoint")
    .select("id")
    .where("replay_task_id", "is not", null)
    .where("deleted_at", "is", null)
    .execute();
  return rows.length;
}

it("removes the target of a replay to a URL after its last delivery, and no earlier", async () => {
  using folder = temporaryFolder();
  const response = Promise.withResolvers<number>();
  await using receiver = await startReceiver({ response: ({ path }) => (path === "/once" ? response.promise : 204) });
  await using node = await startNode(folder.path);
  const tenant = new Tenant(node);
  await tenant.setUp(`${receiver.url}/hook`);
  await tenant.call("POST", "app/app/msg", { eventType: "a", payload: {} });
  await receiver.waitForCount(1);
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const { json } = await tenant.call("POST", "app/app/replay", { since, target: { url: `${receiver.url}/once` } });
  await eventually(async () => {
    const { json: task } = await tenant.call("GET", `background-task/${json["id"] as string}`);
    expect(task["status"]).toBe("finished");
  });
  await receiver.waitForCount(2);
  expect(await targetsAfterMaintenance(node)).toBe(1);
  response.resolve(204);
  await eventually(async () => expect(await targetsAfterMaintenance(node)).toBe(0));
});
