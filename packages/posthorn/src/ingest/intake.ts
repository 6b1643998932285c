/**
 * Single entry point for the events of all sources, however they arrive: as a webhook request, released from quarantine, or fetched by a
 * backfill, or read by the runner of a source. See docs/decisions/095-intake-seam.md.
 */
import type { Services } from "../domain/context.ts";
import { keyAtTime } from "../lib/id.ts";
import type { Arrived, ArrivedUnlimited, OriginKind } from "./arrived.ts";
import type { DuplicateCounter } from "./duplicate-counter.ts";
import type { FunnelCounter } from "./funnel-counter.ts";
import type { InboundLimits } from "./limits.ts";
import type { LiveSource } from "./live-source.ts";
import { storeEvent, type Stored, type StoreHooks } from "./store-event.ts";
import type { InboundEvent } from "./traffic-sampler.ts";

interface OriginRules {
  /** Whether the event counts towards the daily quota of the source and is refused beyond it. */
  readonly quota: boolean;
  /** Whether a repeated event is counted as a duplicate. */
  readonly countsDuplicates: boolean;
  /** Whether the event counts as activity and in the funnel, and is a sample for inferred schemas. */
  readonly countsActivity: boolean;
}

const RULES: Readonly<Record<OriginKind, OriginRules>> = {
  request: { quota: true, countsDuplicates: true, countsActivity: true },
  // Released events are old, so they say nothing about current activity.
  release: { quota: false, countsDuplicates: false, countsActivity: false },
  // Backfill finds duplicates by design and reports them with the run.
  backfill: { quota: false, countsDuplicates: false, countsActivity: true },
  // Repetitions are caused by a crash between storing event and cursor, or by a redelivery of the peer.
  read: { quota: true, countsDuplicates: true, countsActivity: true },
  // Samples say nothing about the sender.
  sample: { quota: false, countsDuplicates: false, countsActivity: false },
};

/** Result of an intake. */
export type Taken =
  | Stored
  /** The daily quota of the source is used up. Do not acknowledge the event, so that the sender keeps it. */
  | { readonly kind: "busy"; readonly retryAfterSeconds: number };

export interface IntakeOptions {
  readonly services: () => Services;
  readonly now: () => number;
  readonly limits: InboundLimits;
  readonly duplicates: Pick<DuplicateCounter, "count">;
  readonly funnel: Pick<FunnelCounter, "count">;
  /** Called for each stored event that counts as activity. Must return quickly and must not throw. */
  readonly onStored: (event: InboundEvent) => void;
}

export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Stores an event and starts its deliveries. Resolves after the commit: only then may the sender receive an acknowledgement. */
  take(source: LiveSource, event: ArrivedUnlimited): Promise<Stored>;
  take(source: LiveSource, event: Arrived, hooks?: StoreHooks): Promise<Taken>;
  take(source: LiveSource, event: Arrived, hooks?: StoreHooks): Promise<Taken> {
    const { dailyQuota } = source.settings;
    return dailyQuota !== null && RULES[event.origin.kind].quota
      ? this.#takeWithin(dailyQuota, source, event, hooks)
      : this.#store(source, event, hooks);
  }

  async #takeWithin(dailyQuota: number, source: LiveSource, event: Arrived, hooks?: StoreHooks): Promise<Taken> {
    if (await this.#withinQuota(source, dailyQuota)) return this.#store(source, event, hooks);
    return { kind: "busy", retryAfterSeconds: this.#options.limits.untilTomorrow() };
  }

  #store(source: LiveSource, event: Arrived, hooks?: StoreHooks): Promise<Stored> {
    return storeEvent(this.#options.services(), source, event, hooks).then((stored) => {
      this.#count(source, event, stored);
      return stored;
    });
  }

  #count(source: LiveSource, event: Arrived, stored: Stored): void {
    const { limits, now } = this.#options;
    const rules = RULES[event.origin.kind];
    const { dailyQuota } = source.settings;
    if (stored.kind === "stored" && rules.countsActivity) this.#countActivity(source, event, stored);
    if (stored.kind === "duplicate" && rules.countsDuplicates) {
      this.#options.duplicates.count({ sourceKey: source.key, of: stored.of, at: now() });
      this.#options.funnel.count(source.key, "duplicates");
    }
    // A runner that is over its quota reads the same events again. Those that are already stored must not use up the quota of the next day.
    if (stored.kind === "duplicate" && event.origin.kind === "read" && dailyQuota !== null)
      limits.giveEvent(source.key);
  }

  #countActivity(
    { key }: LiveSource,
    { type, contentType }: Arrived,
    { payload, endpointIds }: Extract<Stored, { kind: "stored" }>,
  ): void {
    const { onStored, funnel, now } = this.#options;
    onStored({ sourceKey: key, eventType: type, contentType, body: payload, at: now() });
    funnel.count(key, "stored");
    if (endpointIds.length > 0) funnel.count(key, "routed");
  }

  async #withinQuota({ key }: LiveSource, dailyQuota: number): Promise<boolean> {
    const { limits } = this.#options;
    if (!limits.knowsDay(key)) limits.beginDay(key, await this.#eventsToday(key));
    return limits.takeEvent(key, dailyQuota);
  }

  async #eventsToday(sourceKey: number): Promise<number> {
    const { limits, services } = this.#options;
    const { events } = await services()
      .store.hotDb.selectFrom("message")
      .select((eb) => eb.fn.countAll<number>().as("events"))
      .where("app_id", "=", sourceKey)
      .where("id", ">=", keyAtTime(limits.startOfDay()))
      .executeTakeFirstOrThrow();
    return events;
  }
}
