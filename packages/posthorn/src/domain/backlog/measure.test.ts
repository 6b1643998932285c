import { describe, expect, it } from "vitest";
import { servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, openStore, successOutcome } from "../../../test/support/store.ts";
import type { Services } from "../context.ts";
import { applicationsOver, measureBacklog } from "./measure.ts";

const NOW = 1_000_000;

/** Endpoints 1 to 4: 1 and 2 of application 1, 3 of application 2, and 4, of application 2, disabled. */
async function open(openCircuits: readonly number[] = []) {
  const files = await openStore();
  const services = servicesOver(files.store).services;
  await files.store.transaction(async ({ db }) => {
    for (const [id, appId] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
    ] as const) {
      const texts = { public_id: `ep_${id}`, url: "http://localhost/", description: "", metadata_json: "{}" };
      const times = { created_at: 0, updated_at: 0, deleted_at: null };
      const none = { uid: null, throttle_rate: null, event_types_json: null, channels_json: null };
      await db
        .insertInto("endpoint")
        .values({ id, app_id: appId, version: 1, disabled: id === 4 ? 1 : 0, ...texts, ...times, ...none })
        .execute();
    }
  });
  for (let id = 1; id <= 8; id++) {
    await files.store.accept(acceptEntry(id, { endpointIds: id <= 2 ? [1, 2, 3, 4] : [1], due: NOW - 10 }));
  }
  // Not due yet.
  await files.store.accept(acceptEntry(9, { endpointIds: [3], due: NOW + 60_000 }));
  const unhealthy = openCircuits.map((id) => [id, { breaker: { state: "open" }, failing: null }] as const);
  const lanes = { ...services.lanes, unhealthy: async () => new Map(unhealthy) } as unknown as Services["lanes"];
  const measure = async (limit: number) => measureBacklog({ store: files.store, lanes, now: () => NOW }, limit);
  return { measure, store: files.store, [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() };
}

describe("the backlog", () => {
  it("has the due deliveries of each application without those of disabled endpoints", async () => {
    await using scene = await open();
    const { measure, store } = scene;
    expect([...(await measure(100))]).toEqual([
      [1, 10],
      [2, 2],
    ]);
    await store.record(successOutcome(3, { attempt: null }));
    expect((await measure(100)).get(1)).toBe(9);
  });

  it("counts no more than one above the limit for an endpoint", async () => {
    await using scene = await open();
    expect((await scene.measure(4)).get(1)).toBe(5 + 2);
  });

  it("does not include deliveries to an endpoint with an open circuit", async () => {
    await using scene = await open([1]);
    expect([...(await scene.measure(4))]).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});

describe("the applications that must wait", () => {
  it("are those with more than an equal share", () => {
    expect([
      ...applicationsOver(
        new Map([
          [1, 90],
          [2, 5],
          [3, 0],
        ]),
        80,
      ),
    ]).toEqual([1]);
  });

  it("are all of them when all contribute equally", () => {
    expect([
      ...applicationsOver(
        new Map([
          [1, 50],
          [2, 50],
        ]),
        80,
      ),
    ]).toEqual([1, 2]);
  });
});
