/** What one step of the roll-up adds to one hour, kept apart by organisation, application and endpoint. */
import { addAll, addDuration, type Histogram } from "./histogram.ts";

/** What is counted of an hour. */
export interface Counts {
  messages: number;
  attemptsOk: number;
  attemptsFailed: number;
  firstTry: number;
  later: number;
  exhausted: number;
  /** Milliseconds from the time a delivery was due first to the answer that ended it well. */
  readonly latency: Histogram;
  /** Milliseconds of attempts. */
  readonly duration: Histogram;
}

/** Of what: application 0 is the organisation, endpoint 0 the application. */
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

/** How an attempt counts. */
export interface CountedAttempt {
  /** It failed before anything was sent: it counts for its delivery alone. */
  readonly unsent: boolean;
  readonly succeeded: boolean;
  readonly durationMs: number;
  /** What it did to its delivery; `null`: nothing that is counted. */
  readonly end: "first_try" | "later" | "exhausted" | null;
  /** See `Counts.latency`. */
  readonly latencyMs: number;
}

export function countAttempt(counts: Counts, attempt: CountedAttempt): void {
  const { unsent, succeeded, durationMs, end, latencyMs } = attempt;
  if (!unsent) {
    if (succeeded) counts.attemptsOk++;
    else counts.attemptsFailed++;
    addDuration(counts.duration, durationMs);
  }
  if (end === "exhausted") counts.exhausted++;
  else if (end !== null) {
    if (end === "first_try") counts.firstTry++;
    else counts.later++;
    addDuration(counts.latency, latencyMs);
  }
}

export class Tally {
  readonly #counts = new Map<string, { readonly place: Place; readonly counts: Counts }>();

  at(place: Place): Counts {
    const key = `${place.orgId}/${place.appId}/${place.endpointId}`;
    let entry = this.#counts.get(key);
    if (entry === undefined) {
      entry = { place, counts: noCounts() };
      this.#counts.set(key, entry);
    }
    return entry.counts;
  }

  get entries(): readonly { readonly place: Place; readonly counts: Counts }[] {
    return [...this.#counts.values()];
  }
}
