import { describe, expect, it } from "vitest";
import { POLICY_DEFAULTS } from "../../../test/support/services.ts";
import { NO_FLOW } from "../endpoint/flow.ts";
import { EndpointPolicy } from "./endpoint-policy.ts";
import { over, platformPolicy } from "./resolve.ts";
import { rangeOf, RETRY_PRESETS } from "./retry.ts";
import type { Policy } from "./sections.ts";

const PLACE = { tenant: 7, host: () => "example.com", perMinute: null, flow: NO_FLOW, batches: () => null };
const platform = platformPolicy(POLICY_DEFAULTS);

function laneOf(policy: Policy, throttleRate: number | null = null) {
  return new EndpointPolicy(over(platform, { policy, throttleRate }, "endpoint"), PLACE).lane;
}

describe("the policy for a lane", () => {
  it("is that of the platform unless the application or the endpoint overrides it", () => {
    expect(laneOf({})).toEqual({
      tenant: 7,
      host: "example.com",
      concurrency: 16,
      rate: null,
      pausedUntil: null,
      newestFirst: false,
      retry: {
        backoff: { kind: "schedule", delaysMs: [5000, 300_000], jitter: 0.2 },
        maxAgeMs: null,
        stopCodes: [[410, 410]],
        retryCodes: null,
      },
      breaker: { failures: 10, windowMs: 30_000, probeMs: 30_000, maxProbeMs: 900_000 },
      order: null,
      batch: null,
    });
  });

  it("has all values in the units of the dispatcher", () => {
    const lane = laneOf({
      retry: {
        backoff: { type: "exponential", first: 0.5, attempts: 9, max: 60 },
        maxAgeSeconds: 10,
        stopCodes: ["4xx", 503],
        retryCodes: ["500-502"],
      },
      limits: { ratePerSecond: 0.5 },
      breaker: { enabled: false },
      order: { by: "key", onFailure: "skip", maxBlockSeconds: 0 },
    });
    expect(lane).toMatchObject({
      rate: 0.5,
      retry: {
        backoff: { kind: "exponential", firstMs: 500, factor: 2, maxMs: 60_000, attempts: 9 },
        maxAgeMs: 10_000,
        stopCodes: [
          [400, 499],
          [503, 503],
        ],
        retryCodes: [[500, 502]],
      },
      breaker: null,
      order: { by: "key", onFailure: "skip", maxBlockMs: null },
    });
  });

  it("uses throttleRate as its rate, or the lower of both", () => {
    expect(laneOf({}, 9).rate).toBe(9);
    expect(laneOf({ limits: { ratePerSecond: 4 } }, 9).rate).toBe(4);
  });

  it("is limited to the rate that the endpoint granted, or to the low rate of an unverified one, unless a lower rate is set", () => {
    const rateOf = (perMinute: number, policy: Policy = {}) =>
      new EndpointPolicy(over(platform, { policy, throttleRate: null }, "endpoint"), { ...PLACE, perMinute }).lane.rate;
    expect(rateOf(6)).toBe(0.1);
    expect(rateOf(6, { limits: { ratePerSecond: 5 } })).toBe(0.1);
    expect(rateOf(600, { limits: { ratePerSecond: 5 } })).toBe(5);
  });

  it("is the same object each time, so that deliveries allocate nothing", () => {
    const policy = new EndpointPolicy(platform, PLACE);
    expect(policy.lane).toBe(policy.lane);
    expect(policy.success).toBe(new EndpointPolicy(platform, { ...PLACE, tenant: 8 }).success);
  });

  it("has growing delays for a preset, and no delay for the preset none", () => {
    for (const preset of RETRY_PRESETS) {
      const { backoff } = laneOf({ retry: { backoff: { type: "preset", preset } } }).retry;
      const delays = backoff.kind === "schedule" ? backoff.delaysMs : [];
      expect(delays).toEqual([...delays].sort((a, b) => a - b));
      expect(delays.length > 0).toBe(preset !== "none");
    }
  });

  it("ignores sections that this version does not know", () => {
    expect(laneOf({ later: { x: 1 } } as unknown as Policy)).toEqual(laneOf({}));
  });
});

describe("status codes in a policy", () => {
  it.each([
    [410, [410, 410]],
    ["410", [410, 410]],
    ["4xx", [400, 499]],
    ["5XX", [500, 599]],
    ["500-503", [500, 503]],
  ])("are a code, a class or a range: %s", (codes, range) => expect(rangeOf(codes)).toEqual(range));

  it.each(["", "4x", "600", 600, 99, "503-500", "4xx-5xx", "4xx-500", "500-", "-500", " 500", "5e2", "500-599-600"])(
    "cannot be anything else: %s",
    (codes) => expect(rangeOf(codes)).toBeNull(),
  );
});
