/**
 * Tracks failing endpoints, warns about them, and disables those that fail for too long or respond with 410 Gone.
 *
 * A healthy endpoint costs one map look-up per attempt. Failure streaks are kept in memory and saved periodically; transitions (a
 * warning, an auto-disable) are saved immediately, in one transaction with their announcement.
 */
import type { Clock, DispatchObserver } from "../dispatch/types.ts";
import type { Outcome } from "../store/delivery.ts";
import { boundedCache } from "../lib/bounded-cache.ts";
import type { Services } from "../domain/context.ts";
import type { HealthSource } from "../domain/ports.ts";
import { type Cause, disableFailing, GONE, saveStreaks, warnOfDisabling } from "../domain/health/auto-disable.ts";
import { loadStreaks } from "../domain/health/load.ts";
import { checkFailureRate } from "../domain/health/rate.ts";
import { disabledAt, disablePercent, type Streak, warningDue, WARNINGS, withFailure } from "../domain/health/streak.ts";
import { timeOfKey } from "../lib/id.ts";
import type { InShards } from "../store/shards.ts";
import type { AutoDisableValues } from "../domain/policy/auto-disable.ts";
import type { Worker } from "./worker.ts";

export interface EndpointHealthMonitorOptions {
  /** Called at each step, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
  /** Called after an endpoint was auto-disabled. */
  readonly onDisabled: (disabled: { readonly endpointId: string; readonly reason: string }) => void;
}

/** Delay before changed streaks are saved. */
const SAVE_MS = 30_000;
/** Maximum rows per transaction. */
const SAVE_ROWS = 500;
/** Minimum interval between two evaluations of a failing endpoint. */
const LOOK_MS = 1000;
/**
 * Error codes of destinations that accept nothing until they are changed, for example because credentials were revoked.
 */
const CLOSED_CODES: ReadonlySet<string> = new Set(["credentials_refused", "target_not_found"]);
/** Minimum interval between two counts of a failure rate. */
const RATE_MS = 60_000;
/** 410 Gone: the receiver asks for no more requests. */
const STATUS_GONE = 410;
/** Maximum number of failing endpoints in memory; further ones are not tracked. */
const MAX_STREAKS = 500_000;

export class EndpointHealthMonitor implements HealthSource, DispatchObserver, Worker {
  readonly name = "endpoint health";
  readonly #options: EndpointHealthMonitorOptions;
  readonly #streaks = new Map<number, Streak>();
  readonly #lookedAt = new Map<number, number>();
  readonly #ratedAt = boundedCache<number, number>(10_000);
  /** Endpoints that responded with 410, with the key of the last attempt that did. */
  readonly #gone = new Map<number, number>();
  /** Endpoints whose stored row is out of date. */
  readonly #unsaved = new Set<number>();
  /** Endpoints whose destination accepts nothing until it is changed. A warning is sent immediately. */
  readonly #closed = new Set<number>();
  /** Endpoints that have a stored row. */
  readonly #saved = new Set<number>();
  /** Evaluations in progress: one per endpoint at a time, so that nothing is announced twice. */
  readonly #looks = new Map<number, { again: boolean; readonly done: Promise<void> }>();
  #saving: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(options: EndpointHealthMonitorOptions) {
    this.#options = options;
  }

  /** Loads the failure streaks saved by an earlier run or by the previous owner of these shards. */
  async gained(isGained: InShards = () => true): Promise<void> {
    for (const [endpointKey, streak] of await loadStreaks(this.#options.services(), isGained)) {
      this.#saved.add(endpointKey);
      if (streak === null) this.#change(endpointKey, null);
      else this.#streaks.set(endpointKey, streak);
    }
  }

  recorded({ endpointId, attempt }: Outcome): void {
    if (attempt === null || attempt.unsent === true) return;
    const known = this.#streaks.get(endpointId);
    if (attempt.status === 0) {
      if (known !== undefined) this.forget(endpointId);
      return;
    }
    const isGone = attempt.responseCode === STATUS_GONE;
    if (known === undefined && this.#streaks.size >= MAX_STREAKS && !isGone) return;
    const now = this.#options.clock.now();
    this.#change(endpointId, withFailure(known, now));
    const lookedAt = this.#lookedAt.get(endpointId);
    const isNewlyClosed = CLOSED_CODES.has(attempt.errorCode ?? "") && !this.#closed.has(endpointId);
    if (isNewlyClosed) this.#closed.add(endpointId);
    if (isGone) this.#gone.set(endpointId, attempt.id);
    else if (!isNewlyClosed && lookedAt !== undefined && now >= lookedAt && now - lookedAt < LOOK_MS) return;
    this.#lookedAt.set(endpointId, now);
    const under = this.#looks.get(endpointId);
    if (under === undefined) this.#looks.set(endpointId, { again: false, done: this.#lookUntilDone(endpointId) });
    else under.again = true;
  }

  /** Saves and discards the streaks of endpoints in shards that move to another node. */
  async left(isLeft: InShards): Promise<void> {
    await this.#saving;
    await this.#save();
    for (const known of [this.#streaks, this.#lookedAt, this.#gone]) {
      for (const key of known.keys()) if (isLeft(key)) known.delete(key);
    }
    for (const known of [this.#saved, this.#unsaved, this.#closed])
      for (const key of known) if (isLeft(key)) known.delete(key);
  }

  /** Current failure streak of an endpoint; `null`: there is none. */
  streak(endpointKey: number): Streak | null {
    return this.#streaks.get(endpointKey) ?? null;
  }

  /** Resets the streak: an attempt succeeded, or the endpoint was enabled again. */
  forget(endpointKey: number): void {
    this.#lookedAt.delete(endpointKey);
    this.#gone.delete(endpointKey);
    this.#closed.delete(endpointKey);
    this.#change(endpointKey, null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.looked();
    await this.#saving;
    await this.#save();
  }

  /** Resolves when no evaluation is in progress. */
  async looked(): Promise<void> {
    while (this.#looks.size > 0) await Promise.all([...this.#looks.values()].map(({ done }) => done));
  }

  #change(endpointKey: number, streak: Streak | null): void {
    if (streak === null) this.#streaks.delete(endpointKey);
    else this.#streaks.set(endpointKey, streak);
    if (streak === null && !this.#saved.has(endpointKey)) this.#unsaved.delete(endpointKey);
    else this.#unsaved.add(endpointKey);
    if (this.#unsaved.size > 0) this.#saveLater();
  }

  async #lookUntilDone(endpointKey: number): Promise<void> {
    for (;;) {
      await this.#look(endpointKey);
      const look = this.#looks.get(endpointKey)!;
      if (!look.again) break;
      look.again = false;
    }
    this.#looks.delete(endpointKey);
  }

  async #look(endpointKey: number): Promise<void> {
    const services = this.#options.services();
    try {
      const endpoint = await services.directory.endpoint(endpointKey);
      if (endpoint === null) {
        this.forget(endpointKey);
        return;
      }
      const policy = endpoint.policy.values.autoDisable;
      const goneKey = this.#gone.get(endpointKey);
      if (goneKey !== undefined) {
        const isOff = policy.enabled && policy.onGone && (await this.#disableGone(endpointKey, endpoint.id, goneKey));
        if (this.#gone.get(endpointKey) === goneKey) this.#gone.delete(endpointKey);
        if (isOff) return;
      }
      if (endpoint.disabled || !policy.enabled) return;
      await this.#checkPolicy(endpointKey, endpoint.id, policy);
    } catch (error) {
      // The next failure triggers another evaluation.
      this.#lookedAt.delete(endpointKey);
      this.#options.onFailure(error);
    }
  }

  /** Returns whether the endpoint is disabled now. */
  async #disableGone(endpointKey: number, endpointId: string, attemptKey: number): Promise<boolean> {
    const { since, failures } = this.#streaks.get(endpointKey) ?? { since: timeOfKey(attemptKey), failures: 1 };
    const was = await disableFailing(this.#options.services(), endpointKey, {
      since,
      failures,
      reason: GONE,
      attemptKey,
    });
    if (was) this.#options.onDisabled({ endpointId, reason: GONE });
    return was;
  }

  async #checkPolicy(endpointKey: number, endpointId: string, policy: AutoDisableValues): Promise<void> {
    const services = this.#options.services();
    const streak = this.#streaks.get(endpointKey);
    const percent = streak === undefined ? 0 : disablePercent(streak, policy, this.#options.clock.now());
    const isOver = streak !== undefined && percent >= 100;
    const cause = isOver ? causeOf(streak) : await this.#rateCause(endpointKey, policy);
    if (cause !== null) {
      const was = await disableFailing(services, endpointKey, cause);
      if (was) this.#options.onDisabled({ endpointId, reason: cause.reason });
      return;
    }
    if (streak === undefined) return;
    const warning = warningDue(streak.warned, this.#closed.has(endpointKey) ? Math.max(percent, WARNINGS[0]) : percent);
    if (warning === null) return;
    await warnOfDisabling(services, { endpointKey, streak, percent: warning, disabledAt: disabledAt(streak, policy) });
    this.#saved.add(endpointKey);
    const now = this.#streaks.get(endpointKey);
    // If the endpoint has succeeded in the meantime, the row is removed again.
    this.#change(endpointKey, now === undefined ? null : { ...now, warned: Math.max(now.warned, warning) });
  }

  async #rateCause(endpointKey: number, policy: AutoDisableValues): Promise<Cause | null> {
    if (policy.failurePercent === 0) return null;
    const now = this.#options.clock.now();
    const ratedAt = this.#ratedAt.get(endpointKey);
    if (ratedAt !== undefined && now >= ratedAt && now - ratedAt < RATE_MS) return null;
    this.#ratedAt.set(endpointKey, now);
    return checkFailureRate(this.#options.services(), { endpointKey, policy });
  }

  #saveLater(): void {
    if (this.#stopped || this.#cancelTimer !== null) return;
    this.#cancelTimer = this.#options.clock.setTimer(SAVE_MS, () => {
      this.#cancelTimer = null;
      this.#saving = this.#save().finally(() => {
        this.#saving = null;
        if (this.#unsaved.size > 0) this.#saveLater();
      });
    });
  }

  async #save(): Promise<void> {
    const { services, clock, onFailure } = this.#options;
    try {
      while (this.#unsaved.size > 0) {
        const keys = [...this.#unsaved].slice(0, SAVE_ROWS);
        const rows = keys.map((key) => [key, this.#streaks.get(key) ?? null] as const);
        for (const key of keys) this.#unsaved.delete(key);
        await this.#saveRows(rows, keys, services(), clock.now());
      }
    } catch (error) {
      onFailure(error);
    }
  }

  async #saveRows(
    rows: readonly (readonly [number, Streak | null])[],
    keys: readonly number[],
    { store }: Services,
    now: number,
  ): Promise<void> {
    try {
      await store.transaction((tx) => saveStreaks(tx, rows, now), "delivery.health-watch");
    } catch (error) {
      for (const key of keys) this.#unsaved.add(key);
      throw error;
    }
    for (const [key, streak] of rows) {
      if (streak === null) {
        this.#saved.delete(key);
        continue;
      }
      this.#saved.add(key);
      // It succeeded while its row was being written, and would be listed as failing until its next failure.
      if (!this.#streaks.has(key)) this.#unsaved.add(key);
    }
  }
}

function causeOf({ since, failures }: Streak): Cause {
  return { since, failures, reason: `All ${failures} attempts since ${new Date(since).toISOString()} failed.` };
}
