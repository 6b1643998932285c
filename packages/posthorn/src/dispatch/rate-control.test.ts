/** Tests of the rate control of one endpoint in simulated time. Attempts start as soon as it allows them, as in the dispatcher. */
import { describe, expect, it } from "vitest";
import { lanePolicy } from "../../test/support/dispatch.ts";
import { RateControl } from "./rate-control.ts";
import type { LanePolicy } from "./policy.ts";

interface Response {
  readonly ms: number;
  /** HTTP status; 200 is a success. */
  readonly code: number;
  readonly retryAfterMs?: number;
}

const BREAKER = { failures: 10, windowMs: 30_000, probeMs: 30_000, maxProbeMs: 900_000 };

class Endpoint {
  readonly control: RateControl;
  readonly starts: number[] = [];
  #now = 0;
  readonly #inFlight: { at: number; end: () => void }[] = [];
  readonly #respond: (now: number) => Response;

  constructor(policy: Partial<LanePolicy>, respond: (now: number) => Response) {
    this.control = new RateControl({ ...lanePolicy(1), concurrency: 64, ...policy }, 0);
    this.#respond = respond;
  }

  /** Advances to `until` with an unlimited backlog. */
  run(until: number): void {
    while (this.#now < until) {
      this.#land();
      this.#start();
      const [next] = this.#inFlight;
      const at = Math.max(this.control.suspendedUntil(this.#now), this.control.readyAt(this.#now), this.#now + 1);
      this.#now = Math.min(at, next?.at ?? Infinity, until);
    }
  }

  /** Number of attempts in each second between two times. */
  perSecond(from: number, to: number): number[] {
    const counts = new Array<number>(Math.ceil((to - from) / 1000)).fill(0);
    for (const start of this.starts) if (start >= from && start < to) counts[Math.floor((start - from) / 1000)]!++;
    return counts;
  }

  #land(): void {
    while (this.#inFlight[0] !== undefined && this.#inFlight[0].at <= this.#now) this.#inFlight.shift()!.end();
  }

  #start(): void {
    const { control } = this;
    while (this.#inFlight.length < control.concurrency) {
      if (control.suspendedUntil(this.#now) > this.#now || control.readyAt(this.#now) > this.#now) return;
      const ticket = control.started(this.#now);
      this.starts.push(this.#now);
      const { ms, code, retryAfterMs = null } = this.#respond(this.#now);
      const full = this.#inFlight.length + 1 >= control.concurrency;
      const end = (): void => {
        if (code === 200) control.succeeded(this.#now, ticket, full, retryAfterMs);
        else control.failed(this.#now, ticket, { responseCode: code, retryAfterMs }, 0.5);
      };
      this.#inFlight.push({ at: this.#now + ms, end });
      this.#inFlight.sort((a, b) => a.at - b.at);
    }
  }
}

const mean = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0) / counts.length;

describe("an endpoint that is down", () => {
  it("never receives more than twice the average rate in any second before its circuit opens", () => {
    const endpoint = new Endpoint({ breaker: null }, () => ({ ms: 2, code: 0 }));
    endpoint.run(1_800_000);
    const counts = endpoint.perSecond(0, 1_800_000);
    expect(mean(counts)).toBeGreaterThan(5);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2 * mean(counts));
  });

  it("receives single probes at growing intervals once its circuit is open", () => {
    const endpoint = new Endpoint({ breaker: BREAKER }, () => ({ ms: 2, code: 0 }));
    endpoint.run(3_600_000);
    const opened = 30_000;
    const before = endpoint.starts.filter((start) => start <= opened + 1000);
    expect(before.length).toBeLessThan(350);
    const probes = endpoint.starts.filter((start) => start > opened + 1000);
    expect(probes.length).toBeLessThan(12);
    expect(Math.max(...endpoint.perSecond(opened + 1000, 3_600_000))).toBe(1);
  });
});

describe("an endpoint that recovers", () => {
  const DOWN = { from: 60_000, to: 3_660_000 };
  const flaky = (rate: number | null, ms = 5): Endpoint =>
    new Endpoint({ breaker: BREAKER, rate }, (now) =>
      now >= DOWN.from && now < DOWN.to ? { ms: 2, code: 0 } : { ms, code: 200 },
    );

  it("receives 1 attempt per second, then 2, then 4 …, up to its earlier rate, and grows slowly from there", () => {
    const endpoint = flaky(null, 400);
    endpoint.run(DOWN.from);
    const good = Math.max(...endpoint.perSecond(30_000, DOWN.from));
    endpoint.run(5_400_000);
    const back = endpoint.starts.find((start) => start >= DOWN.to)!;
    const counts = endpoint.perSecond(back + 401, back + 60_401);
    [1, 2, 4, 8, 16].forEach((most, second) => expect(counts[second]).toBeLessThanOrEqual(most + 1));
    counts.slice(1).forEach((count, index) => expect(count).toBeLessThanOrEqual(2 * counts[index]! + 4));
    expect(Math.max(...counts.slice(0, 10))).toBeLessThanOrEqual(good * 1.2 + 2);
    expect(counts.at(-1)).toBeGreaterThan(good / 2);
  });

  it("never receives more than its rate in any second", () => {
    const endpoint = flaky(100);
    endpoint.run(5_400_000);
    const counts = endpoint.perSecond(0, 5_400_000);
    expect(Math.max(...counts)).toBeLessThanOrEqual(100);
    expect(mean(counts.slice(-600))).toBeGreaterThan(90);
  });

  it("receives its full rate at once after a brief failure", () => {
    const endpoint = new Endpoint({ breaker: BREAKER }, (now) => ({ ms: 5, code: now > 5000 && now < 7000 ? 0 : 200 }));
    endpoint.run(20_000);
    expect(endpoint.control.view().reducedPerSecond).toBeNull();
    expect(endpoint.perSecond(19_000, 20_000)[0]).toBeGreaterThan(1000);
    // The failure itself caused no burst of attempts either.
    expect(endpoint.perSecond(6000, 7000)[0]).toBeLessThanOrEqual(20);
  });
});

describe("an endpoint that asks to wait", () => {
  it("receives nothing until the time it named, then one probe", () => {
    const endpoint = new Endpoint({}, (now) =>
      now < 10 ? { ms: 1, code: 429, retryAfterMs: 60_000 } : { ms: 5, code: 200 },
    );
    endpoint.run(63_000);
    const later = endpoint.starts.filter((start) => start > 10);
    expect(later[0]).toBeGreaterThanOrEqual(60_001);
    expect(later[0]).toBeLessThan(60_020);
    expect(later[1]! - later[0]!).toBeGreaterThanOrEqual(1000);
  });

  it.each([429, 503])("with a %d and no time receives nothing for 1 second, then 2, then 4", (code) => {
    const endpoint = new Endpoint({ concurrency: 1 }, () => ({ ms: 0, code }));
    endpoint.run(20_000);
    expect(endpoint.starts).toEqual([0, 1000, 3000, 7000, 15_000]);
  });

  it("receives nothing until the time it named with a success, without opening its circuit", () => {
    const endpoint = new Endpoint({ concurrency: 1 }, (now) => ({
      ms: 10,
      code: 200,
      ...(now < 100 ? { retryAfterMs: 2000 } : {}),
    }));
    endpoint.run(3000);
    expect(endpoint.starts.slice(0, 3)).toEqual([0, 2010, 2020]);
    expect(endpoint.control.isClosed).toBe(true);
    endpoint.control.succeeded(3000, { startedAt: 2990, epoch: 0 }, false, 5000);
    endpoint.control.clockSetBack(1000);
    expect(endpoint.control.readyAt(3000)).toBe(7000);
    endpoint.control.tryNow(3000);
    expect(endpoint.control.readyAt(3000)).toBe(3000);
  });

  it("is not paused by a failure that does not ask to wait", () => {
    const endpoint = new Endpoint({ concurrency: 1 }, () => ({ ms: 1, code: 500 }));
    endpoint.run(1000);
    expect(endpoint.control.isClosed).toBe(true);
    expect(endpoint.starts.length).toBeGreaterThan(5);
  });
});

describe("a policy that changes", () => {
  it("applies at once, for the rate and the manual pause", () => {
    const control = new RateControl(lanePolicy(1), 0);
    control.adopt({ ...lanePolicy(1), rate: 1, pausedUntil: 9000 }, 0);
    control.started(0);
    expect(control.readyAt(0)).toBe(1025);
    expect(control.suspendedUntil(0)).toBe(9000);
    control.adopt(lanePolicy(1), 1);
    expect([control.readyAt(1), control.suspendedUntil(1)]).toEqual([1, 1]);
  });
});
