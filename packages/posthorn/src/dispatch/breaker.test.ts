import { describe, expect, it } from "vitest";
import { Breaker } from "./breaker.ts";

const policy = { failures: 3, windowMs: 10_000, probeMs: 30_000, maxProbeMs: 100_000 };

function fail(breaker: Breaker, now: number): boolean {
  breaker.started();
  return breaker.failed(now, breaker.epoch, policy, 0);
}

function opened(): Breaker {
  const breaker = new Breaker();
  fail(breaker, 0);
  fail(breaker, 1000);
  expect(fail(breaker, 10_000)).toBe(true);
  return breaker;
}

describe("a breaker", () => {
  it("opens after enough failures in a row over enough time, and not before", () => {
    const breaker = new Breaker();
    for (let now = 0; now < 10_000; now += 1000) expect(fail(breaker, now)).toBe(false);
    expect(breaker.readyAt(9999)).toBe(9999);
    expect(fail(breaker, 10_000)).toBe(true);
    expect(breaker.view()).toEqual({
      state: "open",
      reason: "failures",
      since: 10_000,
      failures: 11,
      nextProbeAt: 40_000,
    });
  });

  it("does not open for few failures over a long time, nor after a success in between", () => {
    const breaker = new Breaker();
    fail(breaker, 0);
    fail(breaker, 3_600_000);
    expect(breaker.isClosed).toBe(true);
    breaker.succeeded(3_600_001, breaker.epoch);
    expect(fail(breaker, 7_200_000)).toBe(false);
    expect(breaker.view().failures).toBe(1);
  });

  it("never opens without a policy", () => {
    const breaker = new Breaker();
    for (let now = 0; now < 1e9; now += 1e6) breaker.failed(now, breaker.epoch, null, 0);
    expect(breaker.isClosed).toBe(true);
  });

  it("allows one probe when it is due, and doubles the wait after each failed probe, up to the maximum", () => {
    const breaker = opened();
    const gaps: number[] = [];
    let now = 10_000;
    for (let probe = 0; probe < 4; probe++) {
      const at = breaker.readyAt(now);
      gaps.push(at - now);
      now = at;
      breaker.started();
      expect(breaker.view().state).toBe("half_open");
      expect(breaker.readyAt(now)).toBe(Infinity);
      breaker.failed(now, breaker.epoch, policy, 0);
    }
    expect(gaps).toEqual([30_000, 60_000, 100_000, 100_000]);
    expect(breaker.view()).toMatchObject({ state: "open", since: 10_000 });
  });

  it("only adds jitter to the time of a probe, and never subtracts it", () => {
    const breaker = new Breaker();
    breaker.failed(0, breaker.epoch, { ...policy, failures: 1, windowMs: 0 }, 0.99);
    expect(breaker.readyAt(0)).toBe(35_940);
  });

  it("closes when the probe succeeds, and counts failures from zero", () => {
    const breaker = opened();
    breaker.started();
    expect(breaker.succeeded(40_000, breaker.epoch)).toBe(true);
    expect(breaker.view()).toEqual({ state: "closed", reason: null, since: 40_000, failures: 0, nextProbeAt: null });
    expect(fail(breaker, 50_000)).toBe(false);
  });

  it("ignores the results of attempts that started before it opened", () => {
    const breaker = new Breaker();
    const early = breaker.epoch;
    breaker.failed(0, early, { ...policy, failures: 1, windowMs: 0 }, 0);
    expect(breaker.succeeded(10, early)).toBe(false);
    expect(breaker.failed(10, early, policy, 0)).toBe(false);
    expect(breaker.view()).toMatchObject({ state: "open", nextProbeAt: 30_000, failures: 1 });
  });

  it("allows another probe at once when the first was not made", () => {
    const breaker = opened();
    breaker.started();
    breaker.notMade(41_000, breaker.epoch);
    expect(breaker.view()).toMatchObject({ state: "open", nextProbeAt: 41_000 });
  });

  it("stays open for exactly as long as the endpoint requests, or for increasing times if it requests none", () => {
    const breaker = new Breaker();
    expect(breaker.askedToWait(0, breaker.epoch, 7000, policy)).toBe(true);
    expect(breaker.view()).toMatchObject({ state: "open", reason: "asked_to_wait", nextProbeAt: 7000 });
    const vague = new Breaker();
    vague.askedToWait(0, vague.epoch, null, policy);
    expect(vague.readyAt(0)).toBe(1000);
    vague.started();
    vague.askedToWait(1000, vague.epoch, null, policy);
    expect(vague.readyAt(1000)).toBe(3000);
    vague.started();
    vague.succeeded(3000, vague.epoch);
    vague.askedToWait(4000, vague.epoch, null, policy);
    expect(vague.readyAt(4000)).toBe(5000);
  });

  it("honors a wait requested by an attempt that was in flight when it opened", () => {
    const breaker = new Breaker();
    const before = breaker.epoch;
    breaker.askedToWait(0, before, 7000, policy);
    expect(breaker.askedToWait(10, before, 60_000, policy)).toBe(false);
    expect(breaker.readyAt(11)).toBe(60_010);
    const probing = new Breaker();
    probing.askedToWait(0, before, 7000, policy);
    probing.started();
    probing.askedToWait(7001, before, 60_000, policy);
    probing.failed(7002, probing.epoch, policy, 0);
    expect(probing.readyAt(7003)).toBe(67_001);
  });

  it("allows a probe at once when a person requests it", () => {
    const breaker = opened();
    breaker.tryNow(11_000);
    expect(breaker.readyAt(11_000)).toBe(11_000);
    breaker.started();
    breaker.tryNow(11_500);
    expect(breaker.readyAt(11_500)).toBe(Infinity);
  });

  it("allows another probe at once when the one in flight fails, and after that no earlier than usual", () => {
    const breaker = opened();
    breaker.started();
    breaker.tryNow(11_000);
    breaker.failed(12_000, breaker.epoch, policy, 0);
    expect(breaker.readyAt(12_000)).toBe(12_000);
    breaker.started();
    breaker.failed(12_500, breaker.epoch, policy, 0);
    expect(breaker.readyAt(12_500)).toBeGreaterThan(12_500);
  });

  it("waits as requested by the probe in flight, even if a person requested another one", () => {
    const breaker = opened();
    breaker.started();
    breaker.tryNow(11_000);
    breaker.askedToWait(12_000, breaker.epoch, 5000, policy);
    expect(breaker.readyAt(12_000)).toBe(17_000);
  });
});
