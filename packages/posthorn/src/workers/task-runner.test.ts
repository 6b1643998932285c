import { describe, expect, it } from "vitest";
import { eventually } from "../../test/support/dispatch.ts";
import { insertEndpoint, servicesOver } from "../../test/support/services.ts";
import { insertTask } from "../../test/support/task.ts";
import { acceptEntry, deliveryOf, openStore, successOutcome } from "../../test/support/store.ts";
import { systemClock } from "../lib/clock.ts";
import { StoreError } from "../store/errors.ts";
import { REQUESTED_BY } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { TaskLoop, TaskRunner } from "./task-runner.ts";

const TASK = 1000;

/** Stores a failed message and a requested recovery of it. */
async function promiseRecovery(store: Store): Promise<void> {
  await insertEndpoint(servicesOver(store).services, "https://example.com/", {});
  await store.accept(acceptEntry(1));
  await store.record(successOutcome(1, { state: 2 }));
  await insertTask(store, { id: TASK, params: { from: 0, to: 10 }, endpoints: [1] });
}

/** The same store, but its first `times` transactions fail with this error. */
function failing(store: Store, error: Error, times: number): Store {
  let left = times;
  const transaction: Store["transaction"] = (work) => (left-- > 0 ? Promise.reject(error) : store.transaction(work));
  const onSignal = store.onSignal.bind(store);
  return Object.create(store, {
    db: { value: store.db },
    transaction: { value: transaction },
    onSignal: { value: onSignal },
  }) as Store;
}

async function statusOf(store: Store): Promise<string> {
  return (await store.db.selectFrom("task").select("status").where("id", "=", TASK).executeTakeFirstOrThrow()).status;
}

describe("TaskLoop", () => {
  it("continues a task when the disk has space again, and performs it once", async () => {
    await using files = await openStore();
    await promiseRecovery(files.store);
    const { services, woken } = servicesOver(failing(files.store, new StoreError("storage_full", "full"), 2));
    const failures: unknown[] = [];
    await using runners = new TaskRunner({
      services: () => services,
      clock: systemClock,
      owns: () => true,
      onFailure: (_task, error) => failures.push(error),
    });
    await runners.gained();
    await eventually(async () => expect(await statusOf(files.store)).toBe("finished"));
    expect(failures).toHaveLength(2);
    expect(await deliveryOf(files.store, 1)).toMatchObject({ manual: REQUESTED_BY.recovery, generation: 1 });
    expect(woken).toEqual([1]);
  });

  it("marks a task that cannot continue as failed", async () => {
    await using files = await openStore();
    await promiseRecovery(files.store);
    const { services } = servicesOver(failing(files.store, new Error("a bug of ours"), 1));
    await using runner = new TaskLoop({
      services: () => services,
      clock: systemClock,
      owns: () => true,
      onFailure: () => undefined,
    });
    runner.start(TASK);
    await eventually(async () => expect(await statusOf(files.store)).toBe("failed"));
  });

  it("stops at once while it waits, and leaves the task for the next start", async () => {
    await using files = await openStore();
    await promiseRecovery(files.store);
    const { services } = servicesOver(failing(files.store, new StoreError("storage_full", "full"), Infinity));
    const failed = Promise.withResolvers<void>();
    {
      await using runner = new TaskLoop({
        services: () => services,
        clock: systemClock,
        owns: () => true,
        onFailure: () => failed.resolve(),
      });
      runner.start(TASK);
      await failed.promise;
    }
    expect(await statusOf(files.store)).toBe("running");
  });
});
