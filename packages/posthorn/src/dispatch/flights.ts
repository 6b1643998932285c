/** Makes attempts, judges what they say about their endpoint, and sees to it that their outcome comes to disk. */
import { type Engine, NOWHERE } from "./engine.ts";
import { isRetry, type Lane } from "./lane.ts";
import { outcomeOf } from "./outcome.ts";
import type { Ticket } from "./rate-control.ts";
import { MAX_PAUSE_MS, Recorder } from "./recorder.ts";
import type { Claim, Slots } from "./concurrency-limiter.ts";
import type { Attempter, AttemptResult, Job, LaneOwners, Lease, Outcome } from "./types.ts";

/** Outcomes that may wait for the disk in all. */
const MAX_RECORDING_IN_ALL = 4096;

/** A job under way, and the places it takes. */
interface Flight {
  readonly lane: Lane;
  readonly job: Job;
  readonly ticket: Ticket;
  readonly claim: Claim;
  /** The right under which it is recorded; `undefined`: none is needed. */
  readonly lease: Lease | undefined;
}

export interface FlightsOptions {
  readonly engine: Engine;
  readonly slots: Slots;
  readonly attempter: Attempter;
  readonly owners: LaneOwners;
  readonly random: () => number;
}

export class Flights {
  readonly #options: FlightsOptions;
  readonly #engine: Engine;
  readonly #slots: Slots;
  readonly #recorder: Recorder;
  readonly #abort = new AbortController();
  /** Every job that has left its queue and whose outcome is not on disk, with its lane. */
  readonly #unfinished = new Map<Promise<void>, Lane>();

  constructor(options: FlightsOptions) {
    const { engine, slots } = options;
    const { store, clock, observer } = engine;
    this.#options = options;
    this.#engine = engine;
    this.#slots = slots;
    this.#recorder = new Recorder({ store, clock, observer, signal: this.#abort.signal });
  }

  /** There are not too many attempts in flight, nor outcomes that wait for the disk. */
  get mayStart(): boolean {
    const recording = this.#unfinished.size - this.#slots.inFlight;
    return this.#slots.isFree && !this.#recorder.isStuck && recording < MAX_RECORDING_IN_ALL;
  }

  start(lane: Lane, job: Job, { claim, lease }: Pick<Flight, "claim" | "lease">): void {
    const ticket = lane.pace!.started(this.#now());
    lane.started(ticket);
    const flight = { lane, job, ticket, claim: this.#slots.enter(claim, isRetry(job)), lease };
    const finished = this.#finish(flight).finally(() => {
      this.#unfinished.delete(finished);
      this.#after(lane);
    });
    this.#unfinished.set(finished, lane);
  }

  /** Resolves when none is left: each has ended, and its outcome is on disk. */
  async settled(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished.keys());
  }

  /** Those of some endpoints: each resolves when it has ended and its outcome is on disk. */
  of(isOne: (endpointId: number) => boolean): readonly Promise<void>[] {
    return [...this.#unfinished].flatMap(([finished, { endpointId }]) => (isOne(endpointId) ? [finished] : []));
  }

  /** Breaks off what is in flight, and gives up what does not come to disk. */
  abort(): void {
    this.#abort.abort();
  }

  #now(): number {
    return this.#engine.clock.now();
  }

  async #finish(flight: Flight): Promise<void> {
    const { lane, job, lease } = flight;
    const { wakes } = lane;
    const result = await this.#attempt(flight);
    const full = lane.inFlight >= lane.pace!.concurrency;
    lane.ended(flight.ticket);
    this.#slots.leave(flight.claim);
    if (result === null) {
      lane.forget(job);
      return;
    }
    // One time for both: a retry that is due when the endpoint may be tried again is not later than that by what took place between.
    const now = this.#now();
    this.#judge(flight, result, { now, full });
    if (result.kind === "held" || result.kind === "not_now") {
      this.#leave(lane, job, result);
      // Woken since the attempt began: what it saw of the endpoint is out of date.
      if (result.kind === "held" && lane.wakes !== wakes) lane.held = false;
      return;
    }
    this.#engine.join(lane);
    this.#engine.pump();
    const context = { policy: lane.pace!.policy, now, random: this.#options.random };
    const outcome = { ...outcomeOf(job, result, context), ...(lease === undefined ? {} : { lease }) };
    const recorded = await this.#recorder.record(outcome);
    // A page that was asked for before may still show the job as due: it stays known until that page was taken.
    await lane.pageTaken();
    this.#close(lane, job, outcome, recorded);
  }

  /** `null` when the attempt was broken off by the end of the process. */
  async #attempt({ job, lease }: Flight): Promise<AttemptResult | null> {
    const { attempter, owners } = this.#options;
    try {
      const result = await attempter.attempt(job, this.#abort.signal, () => owners.holds(lease));
      return this.#abort.signal.aborted && result.kind !== "made" ? null : result;
    } catch (error) {
      this.#engine.observer?.trouble?.("attempt", error);
      return { kind: "not_now", pauseMs: MAX_PAUSE_MS };
    }
  }

  /** What an attempt says about its endpoint. */
  #judge(
    { lane, ticket }: Flight,
    result: AttemptResult,
    { now, full }: { readonly now: number; readonly full: boolean },
  ): void {
    const pace = lane.pace!;
    if (result.kind !== "made" || result.attempt.unsent === true) {
      pace.notMade(now, ticket);
    } else if (result.attempt.status === 0) {
      pace.succeeded(now, ticket, full);
    } else {
      const { responseCode } = result.attempt;
      const failure = { responseCode, retryAfterMs: result.retryAfterMs };
      pace.failed(now, ticket, failure, this.#options.random());
      const heldUntil = pace.heldUntil(now);
      if (heldUntil > now) this.#engine.setAside(lane, heldUntil);
    }
  }

  /** No attempt was used up: the job goes back to the store, and its lane waits. */
  #leave(lane: Lane, job: Job, result: Extract<AttemptResult, { kind: "held" | "not_now" }>): void {
    const { shelf, agenda } = this.#engine;
    shelf.spill(lane);
    shelf.free(lane, job);
    lane.spilled = true;
    if (result.kind === "held") lane.held = true;
    else agenda.pause(lane, result.pauseMs);
  }

  /** The outcome is on disk, or not to be written here any more: the job leaves memory. */
  #close(lane: Lane, job: Job, outcome: Outcome, recorded: boolean): void {
    const { agenda, observer } = this.#engine;
    const passAt = outcome.passAt ?? null;
    const blocks = outcome.state === 0 && (passAt === null || passAt > this.#now());
    const isRevoked = lane.isRevoked(job);
    if (blocks || !recorded) this.#block(lane, job, passAt);
    else this.#engine.shelf.free(lane, job);
    if (!recorded) return;
    // Canceled while it was under way: those behind it do not wait for a retry that will not be made.
    if (isRevoked) this.#engine.lookAt(lane);
    if (outcome.due !== null) agenda.noteStored(lane, outcome.due);
    // An attempt by hand that failed gave way to a retry by schedule, whose time only the store knows: it can be long past.
    if (outcome.trigger === 1 && outcome.state === 2) this.#engine.lookAt(lane);
    observer?.recorded?.(outcome);
  }

  /** A job failed: those behind it wait for its retry. */
  #block(lane: Lane, job: Job, passAt: number | null): void {
    const again = this.#engine.shelf.block(lane, job, passAt);
    if (passAt !== null) this.#engine.agenda.arm(lane);
    if (again) this.#engine.lookAt(lane, NOWHERE);
  }

  #after(lane: Lane): void {
    const engine = this.#engine;
    if (!engine.isRunning()) return;
    if (lane.spilled) engine.page(lane);
    engine.dropIfIdle(lane);
    engine.join(lane);
    engine.pump();
  }
}
