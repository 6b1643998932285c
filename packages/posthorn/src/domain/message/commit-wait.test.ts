import { describe, expect, it } from "vitest";
import { IdGenerator } from "../../lib/id.ts";
import type { Services } from "../context.ts";
import { commitWait } from "./commit-wait.ts";

/** Two nodes whose clocks agree; the first has the higher place among those that share a tick. */
function twoNodes(alone = false) {
  let now = 1_700_000_000_001;
  const setTimer = (ms: number, callback: () => void): (() => void) => {
    // The timers of the process can be early by a fraction.
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
  /** The first key that the other node would give now: it has given none in this tick. */
  const keyOfOther = (): number => new IdGenerator(() => now, 0, 1).next("msg_").key;
  return { services: { ids, cluster }, keyOfOther, elapsed: () => now - 1_700_000_000_001 };
}

describe("a message that is answered", () => {
  it("goes before what is published at another node after that", async () => {
    const { services, keyOfOther } = twoNodes();
    const id = services.ids.next("msg_").key;
    expect(keyOfOther()).toBeLessThan(id);
    await commitWait(services, [{ id, orderKeys: [null, "customer"] }]);
    expect(keyOfOther()).toBeGreaterThan(id);
  });

  it("goes before it without a wait when its tick is over", async () => {
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
  ])("is not waited with where %s", async (_where, alone, orderKeys) => {
    const { services, elapsed } = twoNodes(alone);
    await commitWait(services, [{ id: services.ids.next("msg_").key, orderKeys }]);
    expect(elapsed()).toBe(0);
  });
});
