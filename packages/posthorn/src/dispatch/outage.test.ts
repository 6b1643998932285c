import { describe, expect, it, vi } from "vitest";
import { type DispatchHarness, dispatchHarness, eventually, lanePolicy, made } from "../../test/support/dispatch.ts";
import { acceptEntry, deliveryOf, openStore } from "../../test/support/store.ts";
import type { AttemptResult } from "./types.ts";

const BREAKER = { failures: 2, windowMs: 0, probeMs: 30_000, maxProbeMs: 120_000 };
const DAY = 86_400_000;

function asked(code: number, retryAfterMs: number | null): AttemptResult {
  const result = made(2);
  if (result.kind !== "made") return result;
  return { ...result, retryAfterMs, attempt: { ...result.attempt, responseCode: code } };
}

function stateOf({ dispatcher }: DispatchHarness): string | undefined {
  return dispatcher.inspect(1)?.breaker.state;
}

/** Opens the circuit of an endpoint with two failures, and queues eight further messages. */
async function outage(harness: DispatchHarness): Promise<void> {
  harness.attempter.script = () => made(2);
  await harness.publish(1);
  await harness.publish(2);
  await eventually(() => expect(stateOf(harness)).toBe("open"));
  for (let id = 3; id <= 10; id++) await harness.publish(id);
  await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
}

describe("while the circuit of an endpoint is open", () => {
  it("published messages are on hold: none in memory, no retries used up, one timer", async () => {
    await using harness = await dispatchHarness({ policy: { breaker: BREAKER }, retrySchedule: [DAY] });
    await outage(harness);
    harness.clock.advance(29_000);
    expect(harness.attempter.messages).toEqual([1, 2]);
    expect(harness.dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0, oldestDue: null });
    expect(await deliveryOf(harness.files.store, 3)).toMatchObject({ state: 0, attempts: 0 });
    await eventually(() => expect(harness.clock.waiting).toBe(1));
  });

  it("one probe is made when it is due, and no other attempt before it has ended", async () => {
    await using harness = await dispatchHarness({ policy: { breaker: BREAKER }, retrySchedule: [DAY] });
    const { attempter, clock } = harness;
    await outage(harness);
    attempter.script = () => null;
    clock.advance(30_000);
    await eventually(() => expect(attempter.open).toHaveLength(1));
    await harness.publish(11);
    clock.advance(60_000);
    expect(attempter.messages).toEqual([1, 2, 3]);
    expect(stateOf(harness)).toBe("half_open");
    attempter.open[0]!.end(made(2));
    await eventually(() => expect(stateOf(harness)).toBe("open"));
    expect(harness.dispatcher.inspect(1)!.breaker.nextProbeAt).toBe(clock.now() + 60_000);
  });

  it("a successful probe resumes deliveries with a slow start", async () => {
    await using harness = await dispatchHarness({ policy: { breaker: BREAKER }, retrySchedule: [DAY] });
    const { attempter, clock, files } = harness;
    await outage(harness);
    attempter.script = () => made(0);
    clock.advance(30_000);
    await eventually(() => expect(stateOf(harness)).toBe("closed"));
    await eventually(() => expect(harness.dispatcher.inspect(1)!.queued).toBe(7));
    clock.advance(999);
    expect(attempter.messages).toEqual([1, 2, 3]);
    clock.advance(1);
    await eventually(() => expect(attempter.messages).toEqual([1, 2, 3, 4]));
    await eventually(async () => {
      clock.advance(1000);
      const left = await files.store.backlog();
      expect(left[0]?.due).toBeGreaterThan(clock.now());
    });
    expect(attempter.messages).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("a person can request a probe", async () => {
    await using harness = await dispatchHarness({ policy: { breaker: BREAKER }, retrySchedule: [DAY] });
    const { attempter, dispatcher } = harness;
    await outage(harness);
    attempter.script = () => null;
    dispatcher.wake(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(attempter.open).toHaveLength(0);
    dispatcher.tryNow(1);
    await eventually(() => expect(attempter.open).toHaveLength(1));
  });

  it("a message that is published long after a requested probe is attempted at once", async () => {
    await using harness = await dispatchHarness({ retrySchedule: [DAY] });
    const { attempter, clock, dispatcher } = harness;
    attempter.script = () => asked(503, DAY / 2);
    await harness.publish(1);
    await eventually(() => expect(stateOf(harness)).toBe("open"));
    clock.advance(3_600_000);
    dispatcher.tryNow(1);
    clock.advance(3_600_000);
    await harness.publish(2);
    await eventually(() => expect(attempter.messages).toEqual([1, 2]));
    // A wait that the endpoint requests from then on counts again.
    await eventually(() => expect(stateOf(harness)).toBe("open"));
    await harness.publish(3);
    clock.advance(DAY / 2 - 1);
    await eventually(() => expect(dispatcher.load.inFlight).toBe(0));
    expect(attempter.messages).toEqual([1, 2]);
  });

  it("a fault on our side does not count as the probe", async () => {
    await using harness = await dispatchHarness({ policy: { breaker: BREAKER }, retrySchedule: [DAY] });
    const { attempter, clock, files } = harness;
    await outage(harness);
    attempter.script = () => ({ kind: "not_now", pauseMs: 2000 });
    clock.advance(30_000);
    await eventually(() => expect(attempter.messages).toEqual([1, 2, 3]));
    await eventually(() => expect(stateOf(harness)).toBe("open"));
    attempter.script = () => made(0);
    await eventually(() => {
      clock.advance(500);
      expect(stateOf(harness)).toBe("closed");
    });
    await eventually(async () => expect(await deliveryOf(files.store, 3)).toMatchObject({ attempts: 1, state: 1 }));
  });

  it("other endpoints are not affected", async () => {
    await using harness = await dispatchHarness({
      policy: (id) => ({ ...lanePolicy(id, [DAY]), breaker: BREAKER }),
      limits: { concurrency: 4 },
    });
    await outage(harness);
    harness.attempter.script = () => made(0);
    for (let id = 20; id < 60; id++) await harness.publish(id, { endpointIds: [2] });
    await eventually(() => expect(harness.attempter.messages).toHaveLength(42));
  });
});

describe("an endpoint that asks to wait", () => {
  it("receives no delivery until then, and no retries are used up", async () => {
    await using harness = await dispatchHarness({ policy: { concurrency: 1 } });
    const { attempter, clock, files } = harness;
    attempter.script = () => asked(429, 60_000);
    for (let id = 1; id <= 5; id++) await harness.publish(id);
    await eventually(() => expect(stateOf(harness)).toBe("open"));
    clock.advance(59_999);
    expect(attempter.messages).toEqual([1]);
    expect(harness.dispatcher.inspect(1)!.breaker).toMatchObject({ reason: "asked_to_wait", since: 1_000_000 });
    await eventually(async () =>
      expect(await deliveryOf(files.store, 1)).toMatchObject({ attempts: 1, due: 1_060_000 }),
    );
    expect(await deliveryOf(files.store, 2)).toMatchObject({ attempts: 0 });
    attempter.script = () => made(0);
    await eventually(async () => {
      clock.advance(1000);
      expect(await files.store.backlog()).toEqual([]);
    });
    expect(await deliveryOf(files.store, 2)).toMatchObject({ attempts: 1 });
  });

  it("receives the retry as soon as the wait ends, even if the process is slow", async () => {
    await using harness = await dispatchHarness({ policy: { concurrency: 1 } });
    const { attempter, clock, files, dispatcher } = harness;
    attempter.script = () => {
      let time = clock.now();
      vi.spyOn(clock, "now").mockImplementation(() => time++);
      return asked(429, 60_000);
    };
    await harness.publish(1);
    const retry = await eventually(async () => {
      const delivery = await deliveryOf(files.store, 1);
      expect(delivery).toMatchObject({ attempts: 1 });
      return delivery;
    });
    expect(dispatcher.inspect(1)!.breaker.nextProbeAt).toBe(retry!.due);
  });
});

describe("after a restart", () => {
  it("an endpoint that was failing receives one probe, and its other deliveries wait for the result", async () => {
    await using files = await openStore();
    for (let id = 1; id <= 20; id++) await files.store.accept(acceptEntry(id, { due: 1_000_000 }));
    await using harness = await dispatchHarness({
      files,
      policy: { breaker: BREAKER },
      failing: () => ({ failures: 50, since: 500_000 }),
      retrySchedule: [DAY],
    });
    const { attempter, clock, dispatcher } = harness;
    attempter.script = () => null;
    await dispatcher.start();
    clock.advance(0);
    await eventually(() => expect(attempter.open).toHaveLength(1));
    expect(dispatcher.inspect(1)!.breaker).toMatchObject({ since: 500_000, state: "half_open" });
    clock.advance(DAY);
    expect(attempter.open).toHaveLength(1);
  });

  it("an endpoint with too few failures to open a circuit is not delayed", async () => {
    await using files = await openStore();
    for (let id = 1; id <= 20; id++) await files.store.accept(acceptEntry(id, { due: 1_000_000 }));
    await using harness = await dispatchHarness({
      files,
      policy: { breaker: BREAKER },
      failing: () => ({ failures: 1, since: 500_000 }),
    });
    await harness.dispatcher.start();
    harness.clock.advance(0);
    await eventually(() => expect(harness.attempter.messages).toHaveLength(20));
  });
});

describe("a rate limit", () => {
  it("is not exceeded with many queued jobs, and wakes the lane when it allows another", async () => {
    await using harness = await dispatchHarness({ policy: { rate: 2 } });
    const { attempter, clock, files } = harness;
    for (let id = 1; id <= 6; id++) await harness.publish(id);
    expect(attempter.messages).toEqual([1]);
    for (let second = 1; second <= 5; second++) {
      await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
      clock.advance(512);
      expect(attempter.messages).toHaveLength(second);
      clock.advance(1);
      await eventually(() => expect(attempter.messages).toHaveLength(second + 1));
    }
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
  });
});

describe("a manual pause", () => {
  it("keeps all deliveries on hold until it ends or is ended early", async () => {
    let pausedUntil: number | null = 1_060_000;
    await using harness = await dispatchHarness({ policy: () => ({ pausedUntil }) });
    const { attempter, clock, dispatcher } = harness;
    await harness.publish(1);
    clock.advance(59_999);
    expect(attempter.messages).toEqual([]);
    expect(dispatcher.load.queuedBytes).toBe(0);
    clock.advance(1);
    await eventually(() => expect(attempter.messages).toEqual([1]));
    pausedUntil = Number.MAX_SAFE_INTEGER;
    await harness.publish(2);
    clock.advance(DAY);
    expect(attempter.messages).toEqual([1]);
    pausedUntil = null;
    dispatcher.wake(1);
    await eventually(() => expect(attempter.messages).toEqual([1, 2]));
  });
});

describe("a policy that cannot be read", () => {
  it("is requested again, and no attempt is made before it is known", async () => {
    let broken = true;
    const policy = lanePolicy(1);
    await using harness = await dispatchHarness({
      policyOf: () => (broken ? Promise.reject(new Error("cannot read")) : Promise.resolve(policy)),
    });
    const { attempter, clock, faults } = harness;
    await harness.publish(1);
    await eventually(() => expect(faults).toEqual(["page"]));
    expect(attempter.messages).toEqual([]);
    broken = false;
    await eventually(() => {
      clock.advance(500);
      expect(attempter.messages).toEqual([1]);
    });
  });
});
