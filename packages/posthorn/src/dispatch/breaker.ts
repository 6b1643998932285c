/**
 * Leaves an endpoint alone that fails, and finds out with single attempts when it is back.
 *
 *     closed ──failures in a row, or asked to wait──→ open ──its time came──→ half open ──success──→ closed
 *                                                      ↑                          │
 *                                                      └──failure: a longer wait──┘
 *
 * Deliveries of an endpoint whose breaker is open wait in the store. No attempt is used up.
 */
import type { BreakerPolicy } from "./policy.ts";

export type BreakerState = "closed" | "open" | "half_open";
/** Why it is open: the endpoint only failed; it asked to be left alone; it was failing when the process began. */
export type BreakerReason = "failures" | "asked_to_wait" | "failing_before_restart";

/** Part of a wait that chance adds, so that many endpoints that went down together are not tried together. */
const JITTER = 0.2;
/** What a 429 or 503 without a time costs at first; doubled each time. */
const FIRST_ASKED_MS = 1000;
/** Waits where the policy has no breaker and an endpoint asked to be left alone. */
const NO_POLICY: BreakerPolicy = { failures: Infinity, windowMs: 0, probeMs: 30_000, maxProbeMs: 900_000 };

export interface BreakerView {
  readonly state: BreakerState;
  readonly reason: BreakerReason | null;
  /** Unix milliseconds of the last change between closed and not closed; `null`: it was never open. */
  readonly since: number | null;
  /** Failures in a row. */
  readonly failures: number;
  /** When the next attempt is made to see whether it is back. */
  readonly nextProbeAt: number | null;
}

export class Breaker {
  #state: BreakerState = "closed";
  #reason: BreakerReason | null = null;
  #since: number | null = null;
  #failures = 0;
  #firstFailureAt = 0;
  #gapMs = 0;
  #askedMs = 0;
  #probeAt = 0;
  /** The latest time until which it asked to be left alone, also while it was open. */
  #askedUntil = 0;
  /** Somebody wanted an attempt while one was under way, which says nothing of what was repaired since it began. */
  #triesAgain = false;
  /** Changes whenever it opens: what was started before says nothing about the state after. */
  #epoch = 0;

  get epoch(): number {
    return this.#epoch;
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Failures in a row, and since when. */
  get streak(): { readonly failures: number; readonly since: number } {
    return { failures: this.#failures, since: this.#firstFailureAt };
  }

  /** When an attempt may start; infinity while the one that decides is in flight. */
  readyAt(now: number): number {
    if (this.#state === "closed") return now;
    return this.#state === "open" ? this.#probeAt : Number.POSITIVE_INFINITY;
  }

  /** An attempt starts. */
  started(): void {
    this.#triesAgain = false;
    if (this.#state === "open") this.#state = "half_open";
  }

  /** An attempt was not made after all. */
  notMade(now: number, epoch: number): void {
    if (this.#state !== "half_open" || epoch !== this.#epoch) return;
    this.#state = "open";
    this.#probeAt = now;
  }

  /** Returns whether this closed it. */
  succeeded(now: number, epoch: number): boolean {
    if (epoch !== this.#epoch) return false;
    this.#failures = 0;
    this.#askedMs = 0;
    this.#askedUntil = 0;
    if (this.#state === "closed") return false;
    this.#state = "closed";
    this.#reason = null;
    this.#since = now;
    this.#gapMs = 0;
    return true;
  }

  /** Returns whether it is open now that it was not. */
  failed(now: number, epoch: number, policy: BreakerPolicy | null, random: number): boolean {
    if (epoch !== this.#epoch) return false;
    if (this.#failures === 0 || now < this.#firstFailureAt) this.#firstFailureAt = now;
    this.#failures++;
    const { failures, windowMs, probeMs, maxProbeMs } = policy ?? NO_POLICY;
    const tripped = this.#failures >= failures && now - this.#firstFailureAt >= windowMs;
    if (this.#state === "closed" && !tripped) return false;
    this.#gapMs = this.#gapMs === 0 ? probeMs : Math.min(maxProbeMs, 2 * this.#gapMs);
    const waitMs = this.#triesAgain ? 0 : this.#gapMs * (1 + JITTER * random);
    return this.#open(now, waitMs, this.#reason ?? "failures");
  }

  /** The endpoint asked to be left alone; `ms` is `null` when it did not say for how long. */
  askedToWait(now: number, epoch: number, ms: number | null, policy: BreakerPolicy | null): boolean {
    if (ms !== null) this.#askedUntil = Math.max(this.#askedUntil, now + ms);
    if (epoch !== this.#epoch) {
      // It was under way when the breaker opened. What it asks for holds all the same.
      if (this.#state === "open") this.#probeAt = Math.max(this.#probeAt, this.#askedUntil);
      return false;
    }
    if (this.#failures === 0) this.#firstFailureAt = now;
    this.#failures++;
    const { maxProbeMs } = policy ?? NO_POLICY;
    this.#askedMs = this.#askedMs === 0 ? FIRST_ASKED_MS : Math.min(maxProbeMs, 2 * this.#askedMs);
    return this.#open(now, ms ?? this.#askedMs, "asked_to_wait");
  }

  /** An earlier run found that it fails: one attempt before all others. */
  suspect(now: number, failures: number, since: number, waitMs: number): void {
    this.#failures = failures;
    this.#firstFailureAt = since;
    this.#open(now, waitMs, "failing_before_restart");
    this.#since = since;
  }

  /** The next attempt may be made now, or at once after one that decides and is under way. */
  tryNow(now: number): void {
    this.#askedUntil = 0;
    if (this.#state === "open") this.#probeAt = Math.min(this.#probeAt, now);
    this.#triesAgain = this.#state === "half_open";
  }

  /** The clock was set back: the circuit stays open for as long as it would have. */
  clockSetBack(ms: number): void {
    this.#probeAt -= ms;
    this.#askedUntil -= ms;
  }

  view(): BreakerView {
    const { failures } = this.streak;
    const nextProbeAt = this.#state === "open" ? this.#probeAt : null;
    return { state: this.#state, reason: this.#reason, since: this.#since, failures, nextProbeAt };
  }

  #open(now: number, waitMs: number, reason: BreakerReason): boolean {
    const was = this.#state;
    if (was === "closed") this.#since = now;
    this.#state = "open";
    this.#reason = reason;
    this.#probeAt = Math.max(now + Math.round(waitMs), this.#askedUntil);
    this.#epoch++;
    return was === "closed";
  }
}
