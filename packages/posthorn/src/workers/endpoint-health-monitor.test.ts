import { describe, expect, it } from "vitest";
import { eventually } from "../../test/support/dispatch.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { insertEndpoint, servicesOver } from "../../test/support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome, type TestStore } from "../../test/support/store.ts";
import type { Services } from "../domain/context.ts";
import { failureRate } from "../domain/health/load.ts";
import { keyAtTime } from "../lib/id.ts";
import { EndpointHealthMonitor } from "./endpoint-health-monitor.ts";
import type { OperationalEvent } from "../domain/operational/events.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

interface Watched extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly watch: EndpointHealthMonitor;
  readonly services: Services;
  readonly told: OperationalEvent[];
  /** Stores the outcome of an attempt and reports it to the monitor. */
  end(status: 0 | 2, errorCode?: string, responseCode?: number): Promise<void>;
}

let lastMessage = 0;

/** A monitor over endpoint 1 of a customer, or of an application of this kind. */
async function watched(files: TestStore, policy: object | null = null, kind = 0, at = START): Promise<Watched> {
  const { store } = files;
  const clock = new ManualClock(at);
  const told: OperationalEvent[] = [];
  const base = servicesOver(store).services;
  if ((await store.db.selectFrom("endpoint").select("id").execute()).length === 0) {
    await insertEndpoint(base, "https://example.com/", {});
    await store.transaction(async ({ db }) => {
      await db.updateTable("application").set({ kind }).execute();
      const policy_json = policy === null ? null : JSON.stringify({ autoDisable: policy });
      await db.updateTable("endpoint").set({ policy_json }).execute();
    });
  }
  const services: Services = {
    ...base,
    now: () => clock.now(),
    operational: { announce: (_tx, event) => Promise.resolve(void told.push(event)), wake: () => undefined },
  };
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const watch = new EndpointHealthMonitor({ services: () => services, clock, onFailure, onDisabled: () => undefined });
  await watch.gained();
  const end = async (status: 0 | 2, errorCode: string | null = null, responseCode = 500): Promise<void> => {
    const id = ++lastMessage;
    await store.accept(acceptEntry(id));
    const attempt = attemptRecord(keyAtTime(clock.now()) + id, { status, errorCode, responseCode });
    await store.record(successOutcome(id, { state: status === 0 ? 1 : 2, attempt }));
    watch.recorded({ ...successOutcome(id), attempt });
    // Waits for the evaluation before the test advances the clock: a later evaluation would use a later time.
    await watch.looked();
  };
  return { clock, watch, services, told, end, [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose]() };
}

const endpointOf = ({ store }: TestStore) => store.db.selectFrom("endpoint").selectAll().executeTakeFirstOrThrow();

/** Fails one attempt every 4 hours for this many hours. */
async function failFor({ end, clock }: Watched, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour += 4) {
    await end(2);
    clock.advance(4 * HOUR);
  }
}

/** Disables the endpoint when 9 of 10 attempts fail. */
const RATE = { failurePercent: 90, windowSeconds: 3600, windowAttempts: 22 };

/** Makes this many attempts, a minute apart, of which every tenth succeeds. */
async function failNineOfTen({ end, clock }: Watched, attempts: number): Promise<void> {
  for (let index = 0; index < attempts; index++) {
    await end(index % 10 === 0 ? 0 : 2);
    clock.advance(61_000);
  }
}

const percents = ({ told }: Watched) =>
  told.filter(({ type }) => type === "endpoint.warning").map(({ data }) => data["percent"]);

describe("an endpoint that only fails", () => {
  it("causes warnings at 50, 70 and 90 percent of 5 days, and is then disabled once, with the reason", async () => {
    await using files = await openStore();
    await using world = await watched(files);
    await failFor(world, 124);
    await eventually(async () => expect((await endpointOf(files)).disabled).toBe(1));
    expect(world.told.map(({ type, data }) => [type, data["percent"]])).toEqual([
      ["endpoint.warning", 50],
      ["endpoint.warning", 70],
      ["endpoint.warning", 90],
      ["endpoint.disabled", undefined],
    ]);
    const failSince = new Date(START).toISOString();
    expect(world.told[0]!.data).toMatchObject({ failSince, disabledAt: new Date(START + 120 * HOUR).toISOString() });
    expect(world.told[3]!.data).toMatchObject({
      trigger: "automatic",
      failSince,
      failures: expect.any(Number) as number,
    });
    expect(JSON.parse((await endpointOf(files)).disabled_json!)).toMatchObject({
      trigger: "automatic",
      failSince: START,
    });
    await failFor(world, 3);
    await world.watch[Symbol.asyncDispose]();
    expect(world.told).toHaveLength(4);
  });

  it.each(["credentials_refused", "target_not_found"])(
    "causes the first warning at once when its destination accepts nothing until it is changed (%s), and again after a success",
    async (code) => {
      await using files = await openStore();
      await using world = await watched(files);
      await world.end(2, "target_unavailable", 0);
      expect(percents(world)).toEqual([]);
      await world.end(2, code, 0);
      await world.end(2, code, 0);
      expect(percents(world)).toEqual([50]);
      await world.end(0);
      await world.end(2, code, 0);
      expect(percents(world)).toEqual([50, 50]);
    },
  );

  it("starts over after one success", async () => {
    await using files = await openStore();
    await using world = await watched(files);
    const warnings = () => world.told.filter(({ data }) => data["percent"] === 70);
    await failFor(world, 100);
    // The evaluation of the endpoint continues after its attempt was recorded.
    await eventually(() => expect(warnings()).toHaveLength(1));
    await world.end(0);
    expect(world.watch.streak(1)).toBeNull();
    await failFor(world, 100);
    await world.watch[Symbol.asyncDispose]();
    expect((await endpointOf(files)).disabled).toBe(0);
    expect(warnings()).toHaveLength(2);
  });

  it("does not count failures of its transformation, because nothing was sent", async () => {
    await using files = await openStore();
    await using world = await watched(files);
    const attempt = attemptRecord(keyAtTime(START), { status: 2 });
    world.watch.recorded({ ...successOutcome(1), attempt: { ...attempt, unsent: true } });
    expect(world.watch.streak(1)).toBeNull();
    world.watch.recorded({ ...successOutcome(1), attempt });
    expect(world.watch.streak(1)).toMatchObject({ failures: 1 });
  });

  it("stays enabled after a few failures, even if the first was long ago", async () => {
    await using files = await openStore();
    await using world = await watched(files);
    await world.end(2);
    world.clock.advance(30 * 24 * HOUR);
    await world.end(2);
    await world.watch[Symbol.asyncDispose]();
    expect([(await endpointOf(files)).disabled, world.told]).toEqual([0, []]);
  });

  it("stays enabled when the policy turns auto-disable off", async () => {
    await using files = await openStore();
    await using world = await watched(files, { enabled: false });
    await failFor(world, 200);
    await world.watch[Symbol.asyncDispose]();
    expect([(await endpointOf(files)).disabled, world.told]).toEqual([0, []]);
  });

  it("keeps its progress over a restart, and causes no warning twice", async () => {
    await using files = await openStore();
    const before = await watched(files);
    await failFor(before, 80);
    await before[Symbol.asyncDispose]();
    await using after = await watched(files, null, 0, before.clock.now());
    expect(after.watch.streak(1)).toMatchObject({ since: START, failures: 20, warned: 50 });
    await failFor(after, 44);
    await after.watch[Symbol.asyncDispose]();
    expect((await endpointOf(files)).disabled).toBe(1);
    expect(after.told.map(({ data }) => data["percent"])).toEqual([70, 90, undefined]);
  });

  it("has no stored streak when it succeeded while the streak was being saved", async () => {
    await using files = await openStore();
    await using world = await watched(files);
    await world.end(2);
    world.clock.advance(30_000);
    // The transaction that stores the streak has begun.
    world.watch.recorded({ ...successOutcome(++lastMessage), attempt: attemptRecord(lastMessage, { status: 0 }) });
    await world.watch[Symbol.asyncDispose]();
    expect(await files.store.db.selectFrom("endpoint_failure").selectAll().execute()).toEqual([]);
  });

  it("starts over when it succeeded just before a crash", async () => {
    await using files = await openStore();
    const before = await watched(files);
    await failFor(before, 80);
    await before[Symbol.asyncDispose]();
    const { store } = files;
    await store.accept(acceptEntry(++lastMessage));
    const attempt = attemptRecord(keyAtTime(before.clock.now() + 1000));
    await store.record(successOutcome(lastMessage, { attempt }));
    await using after = await watched(files, null, 0, before.clock.now());
    expect(after.watch.streak(1)).toBeNull();
  });

  it("causes warnings and is then disabled by its failure rate if the policy says so, although some attempts succeed", async () => {
    await using files = await openStore();
    await using world = await watched(files, RATE);
    await failNineOfTen(world, 20);
    await world.watch[Symbol.asyncDispose]();
    // Failures that arrive during one evaluation share the next one, so warnings in between can be skipped.
    expect([50, 70, 90]).toEqual(expect.arrayContaining(percents(world)));
    expect([(await endpointOf(files)).disabled, percents(world).at(-1)]).toEqual([0, 90]);
    const failSince = expect.any(String) as string;
    expect(world.told.at(-1)!.data).toMatchObject({
      by: "rate",
      failSince,
      attempts: 20,
      failures: 18,
      disabledAt: null,
    });
    await failNineOfTen(world, 10);
    await eventually(async () => expect((await endpointOf(files)).disabled).toBe(1));
    expect(world.told.at(-1)!.data["reason"]).toMatch(/of its last \d+ attempts failed/);
  });

  it("is never disabled by its failure rate before a warning", async () => {
    await using files = await openStore();
    await using world = await watched(files, RATE);
    const burst = async (): Promise<void> => {
      for (let index = 0; index < 30; index++) await world.end(2);
      world.clock.advance(61_000);
    };
    await burst();
    await world.end(2);
    await eventually(() => expect(percents(world)).toEqual([90]));
    expect((await endpointOf(files)).disabled).toBe(0);
    world.clock.advance(61_000);
    await world.end(2);
    await eventually(async () => expect((await endpointOf(files)).disabled).toBe(1));
  });

  it("causes new warnings when its failure rate had fallen in between", async () => {
    await using files = await openStore();
    await using world = await watched(files, RATE);
    await failNineOfTen(world, 20);
    for (let index = 0; index < 50; index++) {
      await world.end(index % 5 === 0 ? 2 : 0);
      world.clock.advance(61_000);
    }
    await failNineOfTen(world, 60);
    await eventually(() => expect(percents(world).filter((percent) => percent === 90)).toHaveLength(2));
  });

  it("is not disabled again for failures from before it was enabled", async () => {
    await using files = await openStore();
    await using world = await watched(files, RATE);
    await failNineOfTen(world, 30);
    await eventually(async () => expect((await endpointOf(files)).disabled).toBe(1));
    const told = world.told.length;
    await files.store.transaction(async ({ db }) => {
      await db.updateTable("endpoint").set({ disabled: 0, disabled_json: null }).execute();
    });
    world.services.directory.clear();
    world.clock.advance(61_000);
    await world.end(2);
    await world.watch[Symbol.asyncDispose]();
    expect([(await endpointOf(files)).disabled, world.told.length]).toEqual([0, told]);
  });

  it("is not disabled because of attempts that sent nothing", async () => {
    await using files = await openStore();
    await using world = await watched(files, { failurePercent: 90, windowSeconds: 3600, windowAttempts: 20 });
    for (let index = 0; index < 30; index++) {
      await world.end(2, "format_failed");
      if (index % 3 === 0) await world.end(0);
      world.clock.advance(61_000);
    }
    await world.end(2);
    await world.watch[Symbol.asyncDispose]();
    expect((await endpointOf(files)).disabled).toBe(0);
    const { attempts, failures } = await failureRate(files.store, 1, START);
    expect({ attempts, failures }).toEqual({ attempts: 11, failures: 1 });
  });

  it("is also disabled when it receives operational webhooks, but without an event", async () => {
    await using files = await openStore();
    await using world = await watched(files, null, 1);
    await failFor(world, 124);
    await eventually(async () => expect((await endpointOf(files)).disabled).toBe(1));
    expect(world.told).toEqual([]);
  });
});

describe("an endpoint that responds with 410", () => {
  /** Records an ordinary failure, then a 410 within the same second. */
  async function goesAway({ end }: Watched): Promise<void> {
    await end(2, undefined, 500);
    await end(2, undefined, 410);
  }

  async function watchedSince(at: number, files: TestStore, policy: object | null = null, kind = 0): Promise<Watched> {
    const world = await watched(files, policy, kind);
    await files.store.transaction(({ db }) => db.updateTable("endpoint").set({ updated_at: at }).execute());
    return world;
  }

  it("is disabled at once, with the reason gone and an operational event", async () => {
    await using files = await openStore();
    await using world = await watchedSince(START, files);
    await goesAway(world);
    const { disabled, disabled_json } = await endpointOf(files);
    expect(disabled).toBe(1);
    expect(JSON.parse(disabled_json!)).toEqual({ trigger: "automatic", at: START, reason: "gone", failSince: START });
    expect(world.told).toMatchObject([
      { type: "endpoint.disabled", data: { trigger: "automatic", reason: "gone", failures: 2 } },
    ]);
  });

  it.each([
    ["onGone", { onGone: false }],
    ["enabled", { enabled: false }],
  ])("stays enabled if the policy turns %s off", async (_name, policy) => {
    await using files = await openStore();
    await using world = await watchedSince(START, files, policy);
    await goesAway(world);
    expect([(await endpointOf(files)).disabled, world.told]).toEqual([0, []]);
  });

  it("stays enabled if the policy of its application turns onGone off", async () => {
    await using files = await openStore();
    await using world = await watchedSince(START, files);
    const policy_json = JSON.stringify({ autoDisable: { onGone: false } });
    await files.store.transaction(({ db }) => db.updateTable("application").set({ policy_json }).execute());
    await goesAway(world);
    expect((await endpointOf(files)).disabled).toBe(0);
  });

  it("stays enabled when 410 counts as success", async () => {
    await using files = await openStore();
    await using world = await watchedSince(START, files);
    await world.end(0, undefined, 410);
    expect((await endpointOf(files)).disabled).toBe(0);
  });

  it("stays enabled when it was changed after the attempt started, until the next 410", async () => {
    await using files = await openStore();
    await using world = await watchedSince(START + 1000, files);
    await goesAway(world);
    expect((await endpointOf(files)).disabled).toBe(0);
    world.clock.advance(1000);
    await goesAway(world);
    expect((await endpointOf(files)).disabled).toBe(1);
  });

  it("stays enabled when it is the target of a one-off replay, which could not be enabled again", async () => {
    await using files = await openStore();
    await using world = await watchedSince(START, files);
    await files.store.transaction(({ db }) => db.updateTable("endpoint").set({ replay_task_id: 1 }).execute());
    await goesAway(world);
    expect((await endpointOf(files)).disabled).toBe(0);
  });

  it.each([
    ["operational webhooks", 1],
    ["a source", 2],
  ])("is disabled without an event when it is one of %s", async (_of, kind) => {
    await using files = await openStore();
    await using world = await watchedSince(START, files, null, kind);
    await goesAway(world);
    expect([(await endpointOf(files)).disabled, world.told]).toEqual([1, []]);
  });
});
