import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemActor } from "../access.ts";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome } from "../../../test/support/store.ts";
import { keyAfterTime, keyAtTime } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { HOUR_MS, rollUp } from "../stats/roll-up.ts";
import { endpointStats } from "./stats.ts";

const HOURS = 5;
const START = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOURS * HOUR_MS;
/** How an attempt ended; `unsent`: the payload could not be converted. */
type End = "success" | "fail" | "unsent";

interface Made {
  /** Milliseconds after the start. */
  readonly after: number;
  readonly end: End;
}

async function endpointIn(store: Store): Promise<Services> {
  const { services } = servicesOver(store);
  await insertEndpoint(services, "https://example.com/", {});
  await store.transaction(async ({ db }) => {
    await db.updateTable("application").set({ uid: "app" }).execute();
    await db.updateTable("endpoint").set({ uid: "ep" }).execute();
  });
  return services;
}

function keyOf(attempts: readonly Made[], index: number): number {
  return keyAtTime(START + attempts[index]!.after) + index;
}

async function put(services: Services, attempts: readonly Made[]): Promise<void> {
  for (const [index, { after, end }] of attempts.entries()) {
    const id = keyOf(attempts, index);
    await services.store.accept(acceptEntry(id, { due: START + after }));
    const errorCode = end === "unsent" ? "format_failed" : null;
    const attempt = attemptRecord(id, { status: end === "success" ? 0 : 2, errorCode });
    await services.store.record(successOutcome(id, { state: end === "success" ? 1 : 2, attempt }));
  }
}

/** Rolls up all attempts that started before a time. */
async function countUpTo(services: Services, after: number): Promise<void> {
  const key = keyAtTime(START + after);
  await rollUp(services, { messages: key, attempts: key }, new AbortController().signal);
}

function statsOf(services: Services, since: number, until: number) {
  const actor = systemActor(1, "org_1");
  const input = { app: "app", endpoint: "ep", since: START + since, until: START + until };
  return endpointStats({ ctx: { services, actor, tx: null }, input });
}

/** Expected statistics, computed from the attempts. */
function numbersOf(made: readonly Made[], since: number, until: number) {
  // The time in a key has a resolution of a few milliseconds.
  const [from, to] = [keyAtTime(START + since), keyAfterTime(START + until)];
  const within = made.filter((_, index) => keyOf(made, index) >= from && keyOf(made, index) < to);
  const count = (wanted: End): number => within.filter(({ end }) => end === wanted).length;
  return { success: count("success"), fail: count("fail") };
}

const END = fc.constantFrom<End>("success", "fail", "unsent");
/** Often on the boundary of an hour, where double or missing counts would occur. */
const AFTER = fc.oneof(
  fc.integer({ min: 0, max: HOURS * HOUR_MS }),
  fc.integer({ min: 0, max: HOURS }).map((hour) => hour * HOUR_MS),
);

describe("statistics of an endpoint", () => {
  it("match its attempts for any requested range and any rolled-up hours", async () => {
    const attempts = fc.array(fc.record({ after: AFTER, end: END }), { minLength: 10, maxLength: 40 });
    const counts = fc.array(AFTER, { minLength: 3, maxLength: 3 }).map((times) => times.toSorted((a, b) => a - b));
    const ranges = fc.array(fc.tuple(AFTER, AFTER), { minLength: 10, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(attempts, counts, ranges, async (made, counted, asked) => {
        await using files = await openStore();
        const services = await endpointIn(files.store);
        await put(services, made);
        for (const upTo of [0, ...counted]) {
          await countUpTo(services, upTo);
          for (const range of asked) {
            const [since, until] = [Math.min(...range), Math.max(...range)];
            expect(await statsOf(services, since, until)).toMatchObject(numbersOf(made, since, until));
          }
        }
      }),
      { numRuns: 6 },
    );
  });

  it("do not read the attempts of hours that are rolled up", async () => {
    await using files = await openStore();
    const services = await endpointIn(files.store);
    await put(services, [
      { after: HOUR_MS / 2, end: "success" },
      { after: 1.5 * HOUR_MS, end: "fail" },
      { after: 3.5 * HOUR_MS, end: "success" },
    ]);
    await countUpTo(services, 4 * HOUR_MS);
    const before = keyAtTime(START + 2 * HOUR_MS);
    await services.store.transaction(({ db }) => db.deleteFrom("attempt").where("id", "<", before).execute());
    expect(await statsOf(services, 0, HOURS * HOUR_MS)).toMatchObject({ success: 2, fail: 1 });
  });
});
