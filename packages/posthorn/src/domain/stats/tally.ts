/** Counts of one roll-up step, by organisation, application, endpoint and hour. */
import { addAll, addDuration, type Histogram } from "./histogram.ts";

/** Counts of an hour or minute. */
export interface Counts {
  messages: number;
  attemptsOk: number;
  attemptsFailed: number;
  firstTry: number;
  later: number;
  exhausted: number;
  /** Milliseconds from when a delivery was first due to its successful response. */
  readonly latency: Histogram;
  /** Durations of attempts in milliseconds. */
  readonly duration: Histogram;
}

/** Scope of counts. Application 0 means the whole organisation, endpoint 0 the whole application. */
export interface Place {
  readonly orgId: number;
  readonly appId: number;
  readonly endpointId: number;
}

export function noCounts(): Counts {
  return {
    messages: 0,
    attemptsOk: 0,
    attemptsFailed: 0,
    firstTry: 0,
    later: 0,
    exhausted: 0,
    latency: new Map(),
    duration: new Map(),
  };
}

export function addCounts(to: Counts, from: Counts): void {
  to.messages += from.messages;
  to.attemptsOk += from.attemptsOk;
  to.attemptsFailed += from.attemptsFailed;
  to.firstTry += from.firstTry;
  to.later += from.later;
  to.exhausted += from.exhausted;
  addAll(to.latency, from.latency);
  addAll(to.duration, from.duration);
}

/** Properties of an attempt that are counted. */
export interface CountedAttempt {
  /** How many attempts have these properties. */
  readonly times: number;
  /** Whether it failed before anything was sent. Then it only counts for its delivery, not as an attempt. */
  readonly unsent: boolean;
  readonly succeeded: boolean;
  readonly durationMs: number;
  /** Effect on its delivery; `null` if there is none to count. */
  readonly end: "first_try" | "later" | "exhausted" | null;
  /** See `Counts.latency`. */
  readonly latencyMs: number;
}

export function countAttempt(counts: Counts, attempt: CountedAttempt): void {
  const { times, unsent, succeeded, durationMs, end, latencyMs } = attempt;
  if (!unsent) {
    if (succeeded) counts.attemptsOk += times;
    else counts.attemptsFailed += times;
    addDuration(counts.duration, durationMs, times);
  }
  if (end === "exhausted") counts.exhausted += times;
  else if (end !== null) {
    if (end === "first_try") counts.firstTry += times;
    else counts.later += times;
    addDuration(counts.latency, latencyMs, times);
  }
}

/** Counts of a place in an hour. */
export interface TallyEntry {
  readonly place: Place;
  /** Hours since 1970. */
  readonly hour: number;
  readonly counts: Counts;
}

export class Tally {
  readonly #entries = new Map<string, TallyEntry>();

  at(place: Place, hour: number): Counts {
    const key = `${place.orgId}/${place.appId}/${place.endpointId}/${hour}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { place, hour, counts: noCounts() };
      this.#entries.set(key, entry);
    }
    return entry.counts;
  }

  get entries(): readonly TallyEntry[] {
    return [...this.#entries.values()];
  }
}
