/** The connection of a listening source: bounds what is in flight, and saves cursors in the order of their events. */
import type { RunUpdate, SourceRun as RunHealth } from "../domain/source/run.ts";
import type { SourceEvent, SourceHost, Unreadable } from "../sources/driver.ts";
import { InFlight } from "../sources/in-flight.ts";
import type { TakenAll } from "./source-intake.ts";
import type { Reading, SourceRunParts } from "./source-run-parts.ts";
import { succeeded } from "./source-outcome.ts";

/** Health of a connected source is written at most this often. */
const HEALTH_MS = 10_000;

interface SessionCalls {
  readonly host: SourceHost;
  readonly takeAll: (events: readonly SourceEvent[]) => Promise<Exclude<TakenAll, { kind: "gone" }>>;
  readonly save: (update: RunUpdate) => Promise<void>;
}

/** One connection of a listening source: bounds what is in flight, and keeps the order of cursors. */
export class ListeningSession {
  readonly #parts: SourceRunParts;
  readonly #reading: Reading;
  readonly #calls: SessionCalls;
  readonly #inFlight = new InFlight();
  /** The emit before. Cursors are saved in the order of their emits. */
  #last: Promise<void> = Promise.resolve();
  #health: RunHealth;
  #savedAt = 0;
  #cancelSave: (() => void) | null = null;

  constructor(parts: SourceRunParts, reading: Reading, calls: SessionCalls) {
    this.#parts = parts;
    this.#reading = reading;
    this.#calls = calls;
    this.#health = reading.claimed.run;
  }

  get host() {
    return {
      ...this.#calls.host,
      emit: (events: readonly SourceEvent[], cursor: RunUpdate["cursor"]) => this.#emit(events, cursor),
      quarantine: (unreadable: Unreadable) => this.#parts.quarantine(this.#reading.source, unreadable),
      connected: () => void this.#connected().catch(() => undefined),
    };
  }

  /** Resolves when no emit is running. */
  async settle(): Promise<void> {
    this.#cancelSave?.();
    await this.#last.catch(() => undefined);
  }

  async #emit(events: readonly SourceEvent[], cursor: RunUpdate["cursor"]): Promise<void> {
    const bytes = events.reduce((sum, { body }) => sum + body.byteLength, 0);
    const release = await this.#inFlight.enter(events.length, bytes, this.#reading.signal);
    const before = this.#last;
    const emitted = this.#store(events, cursor, before).finally(release);
    this.#last = emitted;
    await emitted;
  }

  async #store(events: readonly SourceEvent[], cursor: RunUpdate["cursor"], before: Promise<void>): Promise<void> {
    let taken = await this.#calls.takeAll(events);
    while (taken.kind === "busy") {
      // The peer keeps the events meanwhile. The quota may be raised before the day ends.
      await this.#calls.host.wait(Math.min(taken.retryAfterSeconds * 1000, 60_000));
      taken = await this.#calls.takeAll(events);
    }
    await before;
    const now = this.#parts.clock.now();
    this.#health = { ...succeeded(this.#health, { now, nextAt: null, stored: taken.stored }), state: "running" };
    if (cursor === null && now - this.#savedAt < HEALTH_MS) {
      this.#saveLater(this.#savedAt + HEALTH_MS - now);
      return;
    }
    this.#savedAt = now;
    await this.#calls.save({ cursor, run: this.#health });
  }

  /** Saves the health of a connection over which nothing arrives. */
  #saveLater(ms: number): void {
    this.#cancelSave ??= this.#parts.clock.setTimer(ms, () => {
      this.#cancelSave = null;
      this.#savedAt = this.#parts.clock.now();
      // If that fails, the next event fails as well, and ends the connection.
      this.#calls.save({ cursor: null, run: this.#health }).catch(() => undefined);
    });
  }

  async #connected(): Promise<void> {
    const now = this.#parts.clock.now();
    this.#health = { ...succeeded(this.#health, { now, nextAt: null, stored: 0 }), state: "running" };
    this.#savedAt = now;
    this.#parts.observer.read(this.#reading.source.settings.kind, "ok");
    await this.#calls.save({ cursor: null, run: this.#health });
  }
}
