import { describe, expect, it } from "vitest";
import type { RetryPolicy } from "./policy.ts";
import { type FailedAttempt, retryDelay } from "./outcome.ts";

const schedule: RetryPolicy = {
  backoff: { kind: "schedule", delaysMs: [1000, 5000], jitter: 0.2 },
  maxAgeMs: null,
  stopCodes: [[410, 410]],
  retryCodes: null,
};
const exponential: RetryPolicy = {
  ...schedule,
  backoff: { kind: "exponential", firstMs: 1000, factor: 3, maxMs: 20_000, attempts: 5 },
};

function delay(policy: RetryPolicy, failed: Partial<FailedAttempt> = {}, random = 0): number | null {
  return retryDelay(policy, { attempts: 1, responseCode: 500, retryAfterMs: null, ageMs: 0, ...failed }, random);
}

describe("a retry", () => {
  it("follows the schedule, with jitter only ever added, and ends with it", () => {
    expect(delay(schedule)).toBe(1000);
    expect(delay(schedule, {}, 0.999)).toBe(1200);
    expect(delay(schedule, { attempts: 2 })).toBe(5000);
    expect(delay(schedule, { attempts: 3 })).toBeNull();
  });

  it("with exponential backoff has full jitter, a maximum delay and a maximum number of attempts", () => {
    expect(delay(exponential, { attempts: 2 }, 0)).toBe(0);
    expect(delay(exponential, { attempts: 2 }, 0.5)).toBe(1500);
    expect(delay(exponential, { attempts: 4 }, 0.5)).toBe(10_000);
    expect(delay(exponential, { attempts: 5 }, 0.5)).toBeNull();
  });

  it("is never made before the time that the endpoint asked for", () => {
    expect(delay(schedule, { retryAfterMs: 60_000 })).toBe(60_000);
    expect(delay(schedule, { retryAfterMs: 10 })).toBe(1000);
  });

  it("is not made after the maximum age", () => {
    const policy = { ...schedule, maxAgeMs: 10_000 };
    expect(delay(policy, { ageMs: 9000 })).toBe(1000);
    expect(delay(policy, { ageMs: 9001 })).toBeNull();
    expect(delay(policy, { retryAfterMs: 10_001 })).toBeNull();
  });

  it("is not made after a stop code, nor after a code that is not among the retry codes", () => {
    expect(delay(schedule, { responseCode: 410 })).toBeNull();
    const policy = { ...schedule, retryCodes: [[500, 599]] as const };
    expect(delay(policy, { responseCode: 503 })).toBe(1000);
    expect(delay(policy, { responseCode: 422 })).toBeNull();
    // A missing response says nothing about the message.
    expect(delay(policy, { responseCode: 0 })).toBe(1000);
  });
});
