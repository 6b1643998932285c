import { describe, expect, it } from "vitest";
import { heldReads } from "../../test/support/held-reads.ts";
import { insertEndpoint, servicesOver } from "../../test/support/services.ts";
import { openStore } from "../../test/support/store.ts";

describe("the policy of a lane", () => {
  it("is returned synchronously while the application is cached, and is updated after a change", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insertEndpoint(services, "https://example.com/", {});
    const { directory, store } = services;
    const first = directory.policy(1);
    expect(first).toBeInstanceOf(Promise);
    const lane = await first;
    expect(directory.policy(1)).toBe(lane);
    expect(lane).toMatchObject({ tenant: 1, host: "example.com", rate: null });

    const policy = JSON.stringify({ limits: { ratePerSecond: 5 } });
    await store.transaction(async ({ db }) => {
      await db.updateTable("application").set({ policy_json: policy }).where("id", "=", 1).execute();
    });
    directory.invalidate(1);
    expect(await directory.policy(1)).toMatchObject({ rate: 5 });
  });

  it("is null for an endpoint that does not exist", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insertEndpoint(services, "https://example.com/", {});
    expect(await services.directory.policy(2)).toBeNull();
    await services.directory.policy(1);
    expect(await services.directory.policy(2)).toBeNull();
  });

  it("is returned synchronously as null for a deleted endpoint while the application is cached", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insertEndpoint(services, "https://example.com/", {});
    const { directory, store } = services;
    await directory.policy(1);
    await store.transaction(({ db }) =>
      db.updateTable("endpoint").set({ deleted_at: 1 }).where("id", "=", 1).execute(),
    );
    directory.invalidate(1);
    expect(await directory.policy(1)).toBeNull();
    expect(directory.policy(1)).toBeNull();
    expect(directory.knownEndpoint(1)).toBeNull();
  });
});

describe("a change during a load", () => {
  it.each(["invalidate", "clear"] as const)("is not lost (%s)", async (method) => {
    await using files = await openStore();
    const { store, hold } = heldReads(files.store);
    const { services } = servicesOver(store);
    await insertEndpoint(services, "https://example.com/", {});
    const { directory } = services;
    const held = hold();
    const before = directory.application(1);
    await held.read;
    await files.store.transaction(({ db }) =>
      db.updateTable("application").set({ deleted_at: 1 }).where("id", "=", 1).execute(),
    );
    directory[method](1);
    held.release();
    expect(await before).not.toBeNull();
    expect(await directory.application(1)).toBeNull();
  });
});
