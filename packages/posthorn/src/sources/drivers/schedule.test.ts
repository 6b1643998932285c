import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cursor, SourceHost } from "../driver.ts";
import { dueTimes } from "../schedule/due-times.ts";
import { SCHEDULE_DRIVER } from "./schedule.ts";

const HOUR_MS = 3_600_000;

interface Setting {
  readonly cron: string;
  readonly timeZone: string;
  readonly missed: "skip" | "last" | "all";
  readonly start: number;
}

/** One read: by how much the clock has moved before it, and whether the process is killed between the events and the cursor. */
interface Read {
  readonly moved: number;
  readonly isKilled: boolean;
}

interface Run {
  /** IDs by the number of reads that emitted them, without reads that were killed. */
  readonly completed: ReadonlyMap<string, number>;
  readonly stored: ReadonlySet<string>;
  readonly from: number;
  readonly latest: number;
}

async function run({ start, ...config }: Setting, reads: readonly Read[]): Promise<Run> {
  let now = start;
  let cursor: Cursor | null = null;
  let latest = start;
  const completed = new Map<string, number>();
  const stored = new Set<string>();
  const host = {
    config: { ...config, everySeconds: null, eventType: "a", payload: null, contentType: "application/json" },
    sourceId: "src_1",
    name: "Test",
    now: () => now,
  } as unknown as SourceHost;
  for (const { moved, isKilled } of [{ moved: 0, isKilled: false }, ...reads]) {
    now += moved;
    latest = Math.max(latest, now);
    const polled = await SCHEDULE_DRIVER.poll(host, cursor);
    for (const { id } of polled.events) {
      stored.add(id);
      if (!isKilled) completed.set(id, (completed.get(id) ?? 0) + 1);
    }
    if (!isKilled) cursor = polled.cursor;
  }
  return { completed, stored, from: start, latest };
}

function expected({ cron, timeZone }: Setting, { from, latest }: Run): readonly string[] {
  const times = dueTimes({ cron, timeZone, everySeconds: null });
  const all: string[] = [];
  for (let at = times.next(from); at !== null && at <= latest; at = times.next(at)) {
    all.push(`schedule/${new Date(at).toISOString()}`);
  }
  return all;
}

const setting = (missed: Setting["missed"]): fc.Arbitrary<Setting> =>
  fc.record({
    cron: fc.constantFrom("*/30 * * * *", "30 2 * * *", "0 1-4 * * *", "15 */6 * * 1"),
    timeZone: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"),
    missed: fc.constant(missed),
    // Around both changes of the clock.
    start: fc.constantFrom(Date.parse("2026-03-06T00:00:00Z"), Date.parse("2026-10-23T00:00:00Z")),
  });
/** Also back, as when the clock of a machine is set. */
const reads = fc.array(
  fc.record({ moved: fc.integer({ min: -30 * HOUR_MS, max: 60 * HOUR_MS }), isKilled: fc.boolean() }),
  { maxLength: 12 },
);

describe("a schedule whose process is killed and whose clock jumps", () => {
  it("emits each due time exactly once with `all`", async () => {
    await fc.assert(
      fc.asyncProperty(setting("all"), reads, async (config, steps) => {
        const result = await run(config, steps);
        expect([...result.stored].sort()).toEqual(expected(config, result));
        for (const times of result.completed.values()) expect(times).toBe(1);
      }),
      { numRuns: 150 },
    );
  });

  it.each(["last", "skip"] as const)("emits only due times, each at most once, with `%s`", async (missed) => {
    await fc.assert(
      fc.asyncProperty(setting(missed), reads, async (config, steps) => {
        const result = await run(config, steps);
        expect(expected(config, result)).toEqual(expect.arrayContaining([...result.stored]));
        for (const times of result.completed.values()) expect(times).toBe(1);
      }),
      { numRuns: 150 },
    );
  });

  it("emits the latest 1,000 due times with `all` after a very long outage, without enumerating the others", async () => {
    const config = {
      cron: "* * * * *",
      timeZone: "UTC",
      missed: "all",
      start: Date.parse("2016-01-01T00:00:00Z"),
    } as const;
    const { stored } = await run(config, [{ moved: 10 * 365 * 24 * HOUR_MS, isKilled: false }]);
    expect(stored.size).toBe(1000);
  });
});
