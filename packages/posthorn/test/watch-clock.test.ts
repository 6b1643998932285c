/** Watches on a node whose clock is set back and forward. */
import { expect, it } from "vitest";
import { ShiftedClock } from "./support/shifted-clock.ts";
import { TestGateway } from "./support/gateway.ts";

const MINUTE = 60_000;
const RULE = { read: { value: "$.t", key: "$.k" }, when: { above: 5 }, for: "5m", until: { below: 3 } };

interface Transition {
  readonly key: string;
  readonly phase: string;
  readonly number: number;
}

it("a watch reports each transition once when the clock is set back during its timers, and then forward", async () => {
  const clock = new ShiftedClock();
  await using gateway = await TestGateway.start({}, { clock });
  await gateway.call("POST", "api/v1/app", { name: "Plant", uid: "plant" });
  const made = await gateway.call("POST", "api/v1/app/plant/watch", {
    name: "Warm",
    uid: "warm",
    emit: { type: "warm" },
    eventTypes: ["reading"],
    rule: RULE,
  });
  expect(made.status).toBe(201);
  const samples = async (): Promise<unknown> =>
    (await gateway.call("GET", "api/v1/app/plant/watch/warm")).json["samples"];
  let published = 0;
  const publish = async (k: string, t: number): Promise<void> => {
    const body = { eventType: "reading", payload: { k, t } };
    expect((await gateway.call("POST", "api/v1/app/plant/msg", body)).status).toBe(202);
    published += 1;
    await expect.poll(samples).toBe(published);
  };
  const transitions = async (): Promise<readonly string[]> => {
    const { json } = await gateway.call("GET", "api/v1/app/plant/watch/warm/transition");
    const found = json["data"] as readonly Transition[];
    return found.map(({ key, phase, number }) => `${key} ${phase} ${number}`).toSorted();
  };

  await publish("a", 9);
  clock.advance(3 * MINUTE);
  await publish("b", 9);
  clock.advance(-30 * MINUTE);
  // The time of the watch does not advance until the clock has reached it again.
  await publish("a", 9);
  await publish("c", 9);
  clock.advance(31 * MINUTE);
  await publish("b", 9);
  expect(await transitions()).toEqual([]);
  clock.advance(2 * MINUTE);
  await expect.poll(transitions).toEqual(["a raised 1"]);
  clock.advance(10 * MINUTE);
  await expect.poll(transitions).toEqual(["a raised 1", "b raised 1", "c raised 1"]);
  for (const key of ["a", "b", "c"]) await publish(key, 1);
  clock.advance(-5 * MINUTE);
  await publish("a", 1);
  clock.advance(20 * MINUTE);
  await publish("a", 2);
  expect(await transitions()).toEqual(["a", "b", "c"].flatMap((key) => [`${key} cleared 2`, `${key} raised 1`]));
});
