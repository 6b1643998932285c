/** Deletes expired data: payloads, attempts, messages, idempotency keys, revoked tokens, stored batches. */
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../dispatch/types.ts";
import { pruneAudit, resignHeads } from "../domain/audit/prune.ts";
import type { Services } from "../domain/context.ts";
import { dropOldKeys } from "../domain/idempotency.ts";
import { dropOldFlowState, expireDeliveries } from "../domain/message/expire-deliveries.ts";
import { dropParked } from "../domain/message/relay-outbox.ts";
import { expireErasures } from "../domain/erasure/step.ts";
import { expireFeeds } from "../domain/feed/consumer.ts";
import { expireInbound } from "../domain/quarantine/expire.ts";
import { maintainIncidents } from "../domain/incident/change.ts";
import { destroyExactBodies } from "../domain/redaction/destroy.ts";
import { dropDays } from "../domain/retention/drop-days.ts";
import { expireListeners } from "../domain/relay/expire.ts";
import { sweepOneOffs } from "../domain/replay/one-off.ts";
import type { RetentionPeriods, SweepOptions } from "../domain/retention/retention.ts";
import { expireSessions } from "../domain/session/expire.ts";
import { expireSources } from "../domain/source/expire.ts";
import { sweepApplications } from "../domain/retention/sweep-applications.ts";
import { sweepAttempts } from "../domain/retention/sweep-attempts.ts";
import { sweepBatches } from "../domain/retention/sweep-batches.ts";
import { sweepCounts } from "../domain/retention/sweep-counts.ts";
import { sweepMessages } from "../domain/retention/sweep-messages.ts";
import { sweepPayloads } from "../domain/retention/sweep-payloads.ts";
import { pruneRequests } from "../domain/request-log/record.ts";
import { expireWatchEvents } from "../domain/watch/emit.ts";
import { expireRecipients } from "../domain/alert-recipient/evaluate.ts";
import { expireShareLinks } from "../domain/share/share.ts";
import type { Worker } from "./worker.ts";

export interface MaintenanceOptions {
  readonly services: () => Services;
  readonly periods: RetentionPeriods;
  /** Retention of the audit log in milliseconds; `null`: it has no limit. */
  readonly auditMs: number | null;
  /** Retention of the log of API requests in milliseconds. */
  readonly requestLogMs: number;
  readonly clock: Clock;
  /** Whether this node runs maintenance for the cluster. */
  readonly leads: () => boolean;
  readonly onFailure: (error: unknown) => void;
}

const INTERVAL_MS = 60_000;
/** Maximum share of time that retention uses the disk. */
const SHARE = 0.2;

export class Maintenance implements Worker {
  readonly name = "maintenance";
  readonly #options: MaintenanceOptions;
  readonly #abort = new AbortController();
  #cancelTimer: () => void = () => undefined;
  #running: Promise<void> | null = null;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  started(): void {
    this.#later();
  }

  /** Deletes expired data. Concurrent calls share one run. */
  run(): Promise<void> {
    return (this.#running ??= this.#run().finally(() => (this.#running = null)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelTimer();
    this.#abort.abort();
    await this.#running;
  }

  #later(): void {
    const { clock, leads } = this.#options;
    this.#cancelTimer = clock.setTimer(INTERVAL_MS, () => {
      this.#later();
      if (leads()) void this.run();
    });
  }

  async #run(): Promise<void> {
    const { periods, auditMs, requestLogMs, leads, onFailure } = this.#options;
    const services = this.#options.services();
    // If this node stops being the leader during a long run, the new leader continues.
    const led = new AbortController();
    const signal = AbortSignal.any([this.#abort.signal, led.signal]);
    const rest = pauseBetweenSteps(signal);
    const pause = async (): Promise<void> => {
      await rest();
      if (!leads()) led.abort();
    };
    const sweep: SweepOptions = { periods, signal, pause };
    try {
      await expireDeliveries(services, signal);
      await dropOldFlowState(services, signal);
      await dropOldKeys(services.store, services.now(), signal);
      await services.store.transaction(async ({ db }) => {
        await db.deleteFrom("revoked_token").where("expires_at", "<", services.now()).execute();
      }, "maintenance");
      await expireSessions(services);
      await dropParked(services, services.now() - periods.failureMs);
      await expireFeeds(services, signal);
      await expireWatchEvents(services, signal);
      await expireSources(services, signal);
      await sweepOneOffs(services);
      await expireListeners(services, signal);
      await expireInbound(services, periods.payloadMs, signal);
      await dropDays(services, sweep);
      await sweepPayloads(services, sweep);
      await sweepAttempts(services, sweep);
      await sweepMessages(services, sweep);
      await sweepApplications(services, sweep);
      await sweepBatches(services, sweep);
      await destroyExactBodies(services, sweep);
      await sweepCounts(services, sweep);
      await expireShareLinks(services);
      await expireRecipients(services);
      await expireErasures(services);
      await maintainIncidents(services);
      await resignHeads(services);
      await pruneRequests(services, requestLogMs, sweep);
      if (auditMs !== null) await pruneAudit(services, auditMs, sweep);
      while (!signal.aborted && (await services.store.reclaim())) await sweep.pause();
    } catch (error) {
      onFailure(error);
    }
  }
}

/** Returns a function that pauses after a step, so that steps take at most `SHARE` of the time. */
export function pauseBetweenSteps(signal: AbortSignal): () => Promise<void> {
  let begun = performance.now();
  return async () => {
    const tookMs = performance.now() - begun;
    await delay(tookMs * (1 / SHARE - 1), undefined, { signal }).catch(() => undefined);
    begun = performance.now();
  };
}
