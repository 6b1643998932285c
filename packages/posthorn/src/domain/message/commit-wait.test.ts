import { describe, expect, it } from "vitest";
import { IdGenerator } from "../../lib/id.ts";
import type { Services } from "../context.ts";
import { commitWait } from "./commit-wait.ts";

/** Two nodes whose clocks agree. The first has the higher slot, so its keys are larger within the same tick. */
function twoNodes(alone = false) {
  let now = 1_700_000_000_001;
  const setTimer = (ms: number, callback: () => void): (() => void) => {
    // Timers of a process can fire a fraction of a millisecond early.
    now = Math.floor(now + ms - 0.5);
    callback();
    return () => undefined;
  };
  const cluster: Services["cluster"] = {
    id: 1,
    alone,
    holdsSlot: true,
    time: { monotonic: () => now, setTimer },
    view: () => Promise.reject(new Error("Not used.")),
  };
  const ids = new IdGenerator(() => now, 0, 5);
  /** The key that the other node would generate now, as its first one in this tick. */
  const keyOfOther = (): number => new IdGenerator(() => now, 0, 1).next("msg_").key;
  return { services: { ids, cluster }, keyOfOther, elapsed: () => now - 1_700_000_000_001 };
}

describe("a message whose publish is confirmed", () => {
  it("has a lower key than messages published at another node after that", async () => {
    const { services, keyOfOther } = twoNodes();
    const id = services.ids.next("msg_").key;
    expect(keyOfOther()).toBeLessThan(id);
    await commitWait(services, [{ id, orderKeys: [null, "customer"] }]);
    expect(keyOfOther()).toBeGreaterThan(id);
  });

  it("is confirmed without a wait when its tick is over", async () => {
    const { services, elapsed } = twoNodes();
    const id = services.ids.next("msg_").key;
    services.cluster.time.setTimer(10, () => undefined);
    const before = elapsed();
    await commitWait(services, [{ id, orderKeys: ["customer"] }]);
    expect(elapsed()).toBe(before);
  });

  it.each([
    ["no endpoint has an order", false, null],
    ["there is one node", true, ["customer"]],
  ])("is confirmed without a wait when %s", async (_where, alone, orderKeys) => {
    const { services, elapsed } = twoNodes(alone);
    await commitWait(services, [{ id: services.ids.next("msg_").key, orderKeys }]);
    expect(elapsed()).toBe(0);
  });
});
