/**
 * Reads one source: claims it, polls or listens, stores events, moves the cursor, and decides when to read again.
 *
 *     due → claimed → reading → events stored → cursor and health saved → waiting → due …
 *
 * Events are stored before the cursor moves, so that they are read again after a crash in between, and the intake drops
 * them by their IDs. The claim makes the cursor of this run the only one that can be written (`domain/source/run.ts`).
 */
import { announceReading, readingNews } from "../domain/source/announce-reading.ts";
import { type Claimed, claimRun, type RunUpdate, saveRun, type SourceRun as RunHealth } from "../domain/source/run.ts";
import {
  type ListeningDriver,
  type PolledDriver,
  type SourceEvent,
  SourceFailure,
  type SourceHost,
} from "../sources/driver.ts";
import { hostOfTarget } from "../sources/kind.ts";
import { sourceKindNamed } from "../sources/kinds.ts";
import { backoffMs, LISTEN_BACKOFF, pollBackoff } from "../sources/retry.ts";
import type { Tx } from "../store/tx.ts";
import { takeAll, type TakenAll } from "./source-intake.ts";
import type { Reading, SourceRunParts, SourceSpan } from "./source-run-parts.ts";
import { ListeningSession } from "./listening-session.ts";
import { Dropped, failed, failureOf, succeeded } from "./source-outcome.ts";
import { orAborted, waitFor } from "./abortable.ts";

/** Longest time that one poll may take, with all its requests. */
const POLL_MS = 90_000;
/** Timeout of one request. */
const REQUEST_MS = 30_000;
/** The clock is read at least this often while a source waits, because it may be changed. */
const LOOK_MS = 30_000;
/** Pause before retrying a source whose shard is not held, or whose claim was lost. */
const RETRY_MS = 1000;
/** Pause while the installation cannot read the kind. */
const UNAVAILABLE_MS = 300_000;
/** Pauses while the database is unavailable. */
const STORE_BACKOFF = { firstMs: 500, maxMs: 15_000 };

/** How long a stopped run may take to end. Its cursor is fenced in any case. */
const STOP_MS = 5000;

export class SourceRun {
  readonly key: number;
  readonly #parts: SourceRunParts;
  #nextAt: number;
  #claimed: Claimed | null = null;
  #controller = new AbortController();
  #cancelTimer: () => void = () => undefined;
  #reading: Promise<void> | null = null;
  #isStarted = false;
  #isStopped = false;
  /** Consecutive failures of the database. */
  #storeFailures = 0;
  /** Whether the source has become due again during the read. */
  #isDueAgain = false;

  constructor(parts: SourceRunParts, key: number, nextAt: number) {
    this.#parts = parts;
    this.key = key;
    this.#nextAt = nextAt;
  }

  start(): void {
    if (this.#isStarted || this.#isStopped) return;
    this.#isStarted = true;
    this.#schedule();
  }

  /** The row has changed: its configuration, or its due time. */
  changed(nextAt: number | null, isRestart: boolean): void {
    if (this.#isStopped) return;
    if (isRestart) {
      this.#claimed = null;
      this.#controller.abort(new Dropped());
    }
    if (nextAt !== null) this.#nextAt = nextAt;
    if (this.#reading !== null) this.#isDueAgain ||= isRestart;
    else if (this.#isStarted) this.#schedule();
  }

  /**
   * The version that this run has claimed; `null`: none. A higher version in the database means that the run must start
   * over.
   */
  get version(): number | null {
    return this.#claimed?.claim.version ?? null;
  }

  /** Ends the read in progress, without writing. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer();
    this.#controller.abort(new Dropped());
    if (this.#reading === null) return;
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => (cancel = this.#parts.clock.setTimer(STOP_MS, resolve)));
    await Promise.race([this.#reading, late]);
    cancel();
  }

  #schedule(): void {
    this.#cancelTimer();
    if (this.#isStopped) return;
    const { clock } = this.#parts;
    const waitMs = Math.min(Math.max(0, this.#nextAt - clock.now()), LOOK_MS);
    this.#cancelTimer = clock.setTimer(waitMs, () => this.#look());
  }

  #look(): void {
    if (this.#isStopped || this.#reading !== null) return;
    if (this.#parts.clock.now() < this.#nextAt) {
      this.#schedule();
      return;
    }
    this.#isDueAgain = false;
    this.#reading = this.#read().finally(() => {
      this.#reading = null;
      if (this.#isDueAgain) this.#nextAt = this.#parts.clock.now();
      this.#schedule();
    });
  }

  #after(ms: number): void {
    this.#nextAt = this.#parts.clock.now() + ms;
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const reading = await this.#begin(controller.signal);
      if (reading !== null) await this.#run(reading, controller);
      this.#storeFailures = 0;
    } catch (error) {
      if (error instanceof Dropped || controller.signal.aborted) {
        this.#claimed = null;
        this.#after(RETRY_MS);
        return;
      }
      // The database is unavailable, or the fault is internal: it is unknown whether anything was written.
      this.#claimed = null;
      this.#storeFailures++;
      this.#after(backoffMs(STORE_BACKOFF, this.#storeFailures, this.#parts.random));
      this.#parts.observer.fault(this.key, error);
    }
  }

  /** `null`: it cannot be read now. */
  async #begin(signal: AbortSignal): Promise<Reading | null> {
    const { services, lease: leaseOf, source: find, driver } = this.#parts;
    const lease = leaseOf(this.key);
    if (lease === null) {
      this.#after(RETRY_MS);
      return null;
    }
    const source = await find(this.key);
    if (source === null) {
      // Its deletion or end will be announced; nothing is read until then.
      this.#after(LOOK_MS);
      return null;
    }
    const { kind: name, kindConfig } = source.settings;
    const kind = sourceKindNamed(name);
    const isUsable = services().rules.sourceKinds.problem(name) === null && driver(name) !== null;
    if (kind === null || kindConfig === null || !isUsable) {
      this.#after(UNAVAILABLE_MS);
      return null;
    }
    if (this.#claimed !== null && this.#claimed.claim.lease !== lease) this.#claimed = null;
    this.#claimed ??= await claimRun(services().store, this.key, lease);
    if (this.#claimed === null) {
      this.#after(RETRY_MS);
      return null;
    }
    return { source, kind, lease, claimed: this.#claimed, signal };
  }

  async #run(reading: Reading, controller: AbortController): Promise<void> {
    const { driver: driverOf, limiter, clock } = this.#parts;
    const { source, kind, signal } = reading;
    const driver = driverOf(source.settings.kind)!;
    if (driver.family === "listen") {
      await this.#listen(reading, driver);
      return;
    }
    const keys = { orgId: source.orgId, host: hostOfTarget(kind, source.settings.kindConfig!) };
    await limiter.run(keys, signal, async () => {
      const cancel = clock.setTimer(POLL_MS, () => controller.abort(TIMED_OUT));
      try {
        await this.#poll(reading, driver);
      } finally {
        cancel();
      }
    });
  }

  async #poll(reading: Reading, driver: PolledDriver): Promise<void> {
    const { clock, random, observer } = this.#parts;
    const { source, kind, claimed, signal } = reading;
    const everyMs = kind.family === "poll" ? kind.everyMs(source.settings.kindConfig!) : null;
    const span = this.#span(reading);
    try {
      const polled = await orAborted(driver.poll(await this.#host(reading), claimed.cursor), signal);
      const taken = await this.#takeAll(reading, polled.events, span);
      span?.end({ events: polled.events.length, error: polled.problem?.message ?? null });
      if (taken.kind === "busy") {
        await this.#postpone(reading, taken.retryAfterSeconds * 1000);
        return;
      }
      for (const unreadable of polled.unreadable ?? []) await this.#parts.quarantine(source, unreadable);
      const now = clock.now();
      const { next } = polled;
      const waitMs = next.kind === "interval" ? (everyMs ?? LOOK_MS) * (1 + 0.1 * random()) : 0;
      const nextAt = next.kind === "at" ? next.at : Math.ceil(now + waitMs);
      const run = succeeded(claimed.run, { now, nextAt, ...taken });
      const { problem } = polled;
      observer.read(source.settings.kind, problem === undefined ? "ok" : "failed");
      await this.#save(reading, {
        cursor: polled.cursor,
        run: problem === undefined ? run : { ...run, ...failed(claimed.run, problem, now) },
      });
    } catch (error) {
      span?.end({ events: 0, error: error instanceof Error ? error.message : String(error) });
      await this.#fail(reading, error, pollBackoff(everyMs));
    }
  }

  async #listen(reading: Reading, driver: ListeningDriver): Promise<void> {
    const session = new ListeningSession(this.#parts, reading, {
      host: await this.#host(reading),
      takeAll: (events) => this.#takeReceived(reading, events),
      save: (update) => this.#save(reading, update),
    });
    try {
      await orAborted(driver.listen(session.host, reading.claimed.cursor), reading.signal);
      // A listener must not end by itself.
      throw new SourceFailure("connection_failed", "The connection has ended.");
    } catch (error) {
      await session.settle();
      await this.#fail(reading, error, LISTEN_BACKOFF);
    }
  }

  /** Waits for the next day, because the daily quota is used up. The cursor does not change. */
  async #postpone(reading: Reading, ms: number): Promise<void> {
    const now = this.#parts.clock.now();
    const message = "The source has received its daily quota of events. Reading continues tomorrow.";
    const error = { code: "quota_exceeded", message, hint: "Raise `dailyQuota` of the source." };
    const run: RunHealth = { ...reading.claimed.run, error, nextAt: now + ms };
    await this.#save(reading, { cursor: null, run });
  }

  /** Saves a failure of the source. Rethrows any other error. */
  async #fail(
    reading: Reading,
    error: unknown,
    backoff: { readonly firstMs: number; readonly maxMs: number },
  ): Promise<void> {
    const failure = failureOf(error, reading.signal);
    if (failure === null) throw error;
    const { clock, random, observer } = this.#parts;
    const now = clock.now();
    const { run } = this.#claimed ?? reading.claimed;
    const failures = run.failures + 1;
    const waitMs = Math.max(failure.retryAfterMs ?? 0, backoffMs(backoff, failures, random));
    observer.read(reading.source.settings.kind, "failed");
    await this.#save(reading, {
      cursor: null,
      run: {
        ...run,
        ...failed(run, failure, now),
        nextAt: Math.ceil(now + waitMs),
      },
    });
  }

  /** Rejects if the claim is lost; nothing was written then. */
  async #save(reading: Reading, update: RunUpdate): Promise<void> {
    const { services, holds } = this.#parts;
    const held = this.#claimed;
    if (held === null || held.claim !== reading.claimed.claim || !holds(reading.lease)) throw new Dropped();
    const current = { ...update.run, announcedAt: held.run.announcedAt };
    const news = readingNews(current, this.#parts.clock.now());
    const run = news?.run ?? current;
    const announce =
      news === null ? undefined : (tx: Tx): Promise<void> => announceReading(services(), tx, this.key, news);
    const saved = await saveRun(services().store, held.claim, { cursor: update.cursor, run }, announce);
    if (saved === "lost") throw new Dropped();
    if (news !== null) services().operational.wake();
    this.#claimed = { claim: held.claim, cursor: update.cursor ?? held.cursor, run };
    if (run.nextAt !== null) this.#nextAt = run.nextAt;
  }

  /** `null`: no traces are exported. */
  #span({ source }: Reading): SourceSpan | null {
    const { id, kind } = source.settings;
    return this.#parts.services().tracing?.sourceRun({ id, kind }) ?? null;
  }

  /** Stores events of a connection. */
  async #takeReceived(reading: Reading, events: readonly SourceEvent[]): Promise<Exclude<TakenAll, { kind: "gone" }>> {
    const span = this.#span(reading);
    let error: string | null = "The events could not be stored.";
    try {
      const taken = await this.#takeAll(reading, events, span);
      error = null;
      return taken;
    } finally {
      span?.end({ events: events.length, error });
    }
  }

  async #takeAll(
    reading: Reading,
    events: readonly SourceEvent[],
    span: SourceSpan | null,
  ): Promise<Exclude<TakenAll, { kind: "gone" }>> {
    const { take: store, quarantine, holds, observer, clock } = this.#parts;
    const { source, lease, signal } = reading;
    const check = (): void => {
      if (signal.aborted || !holds(lease)) throw new Dropped();
    };
    const take: typeof store = span === null ? store : (to, event) => store(to, { ...event, trace: span.context });
    const wait = (ms: number): Promise<void> => waitFor(clock, ms, signal);
    const onRefused = (error: unknown): void => observer.fault(this.key, error);
    const taken = await takeAll({ source, take, quarantine, check, wait, onRefused }, events);
    if (taken.kind === "gone") throw new Dropped();
    if (taken.kind === "stored" && taken.stored > 0) observer.stored(source.settings.kind, taken.stored);
    return taken;
  }

  async #host({ source, signal }: Pick<Reading, "source" | "signal">): Promise<SourceHost> {
    const { clock, send, sendSigned, parse, urlOf, connections, services } = this.#parts;
    const { kindConfig, id, name, maxBodyBytes } = source.settings;
    const { maxInboundBytes } = services().rules;
    return {
      maxBodyBytes: Math.min(maxBodyBytes ?? maxInboundBytes, maxInboundBytes),
      connections,
      config: kindConfig!,
      sourceId: id,
      name,
      url: sourceKindNamed(source.settings.kind)?.receives === true ? await urlOf(source) : "",
      signal,
      now: clock.now,
      send: (request) => send(request, { signal, timeoutMs: REQUEST_MS }),
      sendSigned: (request) => sendSigned(request, { signal, timeoutMs: REQUEST_MS }),
      parse: (job) => parse(job, { orgId: source.orgId, signal }),
      wait: (ms) => waitFor(clock, ms, signal),
    };
  }
}

const TIMED_OUT = new SourceFailure("timeout", `Reading took longer than ${POLL_MS / 1000} seconds.`);
