import { describe, expect, it } from "vitest";
import type { Services } from "../domain/context.ts";
import type { ThreadHealth } from "../domain/ports.ts";
import { liveness, readiness } from "./health.ts";

const WELL: ThreadHealth = { problems: [], isMainSilent: false };

function services(threads: ThreadHealth | null, pausedBy: object | null = null) {
  return {
    store: { outage: null, writeRefusal: null },
    cluster: { holdsSlot: true },
    pause: { current: pausedBy },
    threads,
  } as unknown as Services;
}

describe("a process with several threads", () => {
  it("returns 204 while all threads run, as with one thread", () => {
    for (const threads of [null, WELL]) {
      expect(readiness(services(threads))).toEqual({ status: 204, json: null });
      expect(liveness(services(threads))).toEqual({ status: 204, json: null });
    }
  });

  it("names the threads that do not respond or are not running, and stays ready and alive, because the others accept requests", () => {
    const problems = [
      { thread: 2, state: "hung" },
      { thread: 3, state: "ended" },
    ] as const;
    const threads = { ...WELL, problems };
    expect(readiness(services(threads))).toEqual({ status: 200, json: JSON.stringify({ threads: problems }) });
    expect(liveness(services(threads)).status).toBe(204);
    const both = JSON.parse(readiness(services(threads, {})).json!) as object;
    expect(both).toMatchObject({ deliveries: "paused", threads: problems });
  });

  it("is neither ready nor alive when its main thread hangs, because nothing in the process can restart it", () => {
    const threads = { ...WELL, isMainSilent: true };
    for (const reply of [liveness(services(threads)), readiness(services(threads))]) {
      expect(reply.status).toBe(503);
      expect(JSON.parse(reply.json!)).toMatchObject({ code: "internal_error", reason: "main_thread_hangs" });
    }
  });
});
