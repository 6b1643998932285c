import { describe, expect, it } from "vitest";
import { dispatchHarness, eventually, made } from "../../test/support/dispatch.ts";
import { DELIVERY_STATE } from "../store/schema.ts";

describe("a dispatcher that missed notifications", () => {
  it("does not send queued jobs that were canceled in the meantime", async () => {
    await using harness = await dispatchHarness({ policy: { concurrency: 1 } });
    const { attempter, dispatcher, files } = harness;
    attempter.script = () => null;
    for (const id of [1, 2, 3]) await harness.publish(id);
    await eventually(() => expect(attempter.open).toHaveLength(1));
    await files.store.transaction(({ db }) =>
      db
        .updateTable("delivery")
        .set({ state: DELIVERY_STATE.canceled, due: null })
        .where("message_id", "=", 2)
        .execute(),
    );
    dispatcher.wakeAll();
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(attempter.messages).toEqual([1, 3]);
  });
});
