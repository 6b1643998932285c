import { describe, expect, it } from "vitest";
import { dispatchHarness, eventually, lanePolicy, made } from "../../test/support/dispatch.ts";

describe("tenants", () => {
  it("are served round robin, however many endpoints each has", async () => {
    await using harness = await dispatchHarness({
      limits: { concurrency: 1, tenantConcurrency: 1 },
      policy: (id) => ({ tenant: id <= 4 ? 1 : 2 }),
    });
    const { attempter } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 3; id++) await harness.publish(id, { endpointIds: [1, 2, 3, 4] });
    for (let id = 4; id <= 6; id++) await harness.publish(id, { endpointIds: [5] });
    for (let count = 1; count < 7; count++) {
      await eventually(() => expect(attempter.open).toHaveLength(1));
      attempter.open[0]!.end(made(0));
      await eventually(() => expect(attempter.jobs.length).toBe(count + 1));
    }
    // The first attempt started before the second tenant had any jobs.
    const tenants = attempter.jobs.slice(1).map(({ endpointId }) => (endpointId === 5 ? 2 : 1));
    expect([tenants.filter((tenant) => tenant === 1).length, tenants.filter((tenant) => tenant === 2).length]).toEqual([
      3, 3,
    ]);
  });

  it("never exceed their limit on attempts in flight, and continue as soon as one of their attempts ends", async () => {
    await using harness = await dispatchHarness({
      limits: { concurrency: 8, tenantConcurrency: 3 },
      policy: (id) => ({ tenant: id <= 4 ? 1 : 2 }),
    });
    const { attempter, files } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 3; id++) await harness.publish(id, { endpointIds: [1, 2, 3, 4, 5] });
    const ofFirst = (): number => attempter.open.filter(({ job }) => job.endpointId <= 4).length;
    expect(ofFirst()).toBe(3);
    expect(attempter.open).toHaveLength(6);
    for (let ended = 1; ended <= 15; ended++) {
      (attempter.open.find(({ job }) => job.endpointId <= 4) ?? attempter.open[0]!).end(made(0));
      await eventually(() => expect(attempter.jobs.length).toBe(Math.min(15, 6 + ended)));
      expect(ofFirst()).toBeLessThanOrEqual(3);
    }
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(attempter.jobs).toHaveLength(15);
  });
});

describe("endpoints on one host", () => {
  it("share a concurrency limit round robin, while endpoints on other hosts do not wait", async () => {
    await using harness = await dispatchHarness({
      limits: { concurrency: 50, hostConcurrency: 2 },
      policy: (id) => ({ host: id <= 10 ? "busy" : "other" }),
    });
    const { attempter } = harness;
    attempter.script = () => null;
    const endpointIds = Array.from({ length: 11 }, (_, index) => index + 1);
    await harness.publish(1, { endpointIds });
    expect(attempter.jobs.map((job) => job.endpointId)).toEqual([1, 2, 11]);
    for (let ended = 1; ended <= 8; ended++) {
      attempter.open.find(({ job }) => job.endpointId <= 10)!.end(made(0));
      await eventually(() => expect(attempter.jobs).toHaveLength(3 + ended));
    }
    expect(attempter.jobs.map((job) => job.endpointId).toSorted((a, b) => a - b)).toEqual(endpointIds);
  });

  it("do not lose their turn to an endpoint that cannot start when it is served", async () => {
    await using harness = await dispatchHarness({
      limits: { concurrency: 50, hostConcurrency: 1 },
      policy: () => ({ host: "busy" }),
    });
    const { attempter, files } = harness;
    attempter.script = () => null;
    await harness.publish(1, { endpointIds: [1, 2, 3] });
    harness.dispatcher.revoke([{ messageId: 1, endpointId: 2 }]);
    await files.store.transaction(async ({ db }) => {
      await db.updateTable("delivery").set({ state: 3, due: null }).where("endpoint_id", "=", 2).execute();
    });
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(attempter.jobs.map((job) => job.endpointId)).toEqual([1, 3]));
  });
});

describe("slow endpoints", () => {
  it("share a part of the concurrency, so that a part is always reserved for fast endpoints", async () => {
    await using harness = await dispatchHarness({
      limits: { concurrency: 8, slowConcurrency: 2 },
      policy: (id) => ({ ...lanePolicy(id), concurrency: 4 }),
    });
    const { attempter, clock } = harness;
    attempter.script = () => null;
    // Both endpoints are now classified as slow.
    await harness.publish(1, { endpointIds: [1, 2] });
    clock.advance(5000);
    for (const open of attempter.open.slice()) open.end(made(0));
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    for (let id = 2; id <= 9; id++) await harness.publish(id, { endpointIds: [1, 2] });
    await eventually(() => expect(attempter.open).toHaveLength(2));
    for (let id = 10; id <= 13; id++) await harness.publish(id, { endpointIds: [3] });
    expect(attempter.open.filter(({ job }) => job.endpointId === 3)).toHaveLength(4);
    expect(attempter.open).toHaveLength(6);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(attempter.open).toHaveLength(6));
    expect(attempter.open.filter(({ job }) => job.endpointId !== 3)).toHaveLength(2);
  });
});

describe("retries", () => {
  it("share a part of the concurrency, so that a part is always reserved for first attempts", async () => {
    await using harness = await dispatchHarness({
      limits: { concurrency: 8, retryConcurrency: 2 },
      retrySchedule: [5000, 5000],
    });
    const { attempter, clock } = harness;
    attempter.script = () => made(2);
    const failing = [1, 2, 3, 4, 5, 6];
    await harness.publish(1, { endpointIds: failing });
    await eventually(() => expect(clock.waiting).toBe(1));
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    attempter.script = () => null;
    await eventually(() => {
      clock.advance(1000);
      expect(attempter.open.length).toBeGreaterThan(1);
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(attempter.open).toHaveLength(2);
    await harness.publish(2, { endpointIds: [7, 8, 9] });
    expect(attempter.open).toHaveLength(5);
    attempter.script = () => made(0);
    for (const open of attempter.open.slice()) open.end(made(0));
    await eventually(async () => {
      clock.advance(1000);
      expect(await harness.files.store.backlog()).toEqual([]);
    });
  });

  it("of an endpoint come after its first attempts, except for a reserved share", async () => {
    await using harness = await dispatchHarness({ policy: { concurrency: 1 }, retrySchedule: [10] });
    const { attempter, clock, files } = harness;
    attempter.script = (job) => (job.messageId <= 3 ? made(2) : null);
    for (let id = 1; id <= 3; id++) await harness.publish(id);
    await harness.publish(100);
    await eventually(() => expect(attempter.open).toHaveLength(1));
    clock.advance(20);
    for (let id = 101; id <= 112; id++) await harness.publish(id);
    attempter.script = () => made(0);
    await eventually(async () => {
      // Fires the timer of a retry that was recorded after it was due.
      clock.advance(0);
      attempter.open[0]?.end(made(0));
      expect(await files.store.backlog()).toEqual([]);
    });
    const order = attempter.jobs.slice(4).map((job) => job.attempts);
    expect(order.filter((attempts) => attempts === 1)).toHaveLength(3);
  });
});
