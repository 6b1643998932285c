/** Jobs that have left their queue and whose outcome is not on disk. */
import type { Lane } from "./lane.ts";
import type { Ticket } from "./pace.ts";
import { MAX_PAUSE_MS } from "./recorder.ts";
import type { Claim } from "./slots.ts";
import type { Attempter, AttemptResult, DispatchObserver, Job, Lease } from "./types.ts";

/** A job under way, and the places it takes. */
export interface Flight {
  readonly lane: Lane;
  readonly job: Job;
  readonly ticket: Ticket;
  readonly claim: Claim;
  /** The right under which it is recorded; `undefined`: none is needed. */
  readonly lease: Lease | undefined;
}

export class Flights {
  readonly #lanes = new Map<Promise<void>, Lane>();

  get size(): number {
    return this.#lanes.size;
  }

  /** Counts it until `finished` resolves, and then calls `after`. */
  add(lane: Lane, finished: Promise<void>, after: () => void): void {
    const ended = finished.finally(() => {
      this.#lanes.delete(ended);
      after();
    });
    this.#lanes.set(ended, lane);
  }

  /** Resolves when there is none any more. */
  async settled(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes.keys());
  }

  /** Those of some endpoints. */
  of(isOne: (endpointId: number) => boolean): readonly Promise<void>[] {
    return [...this.#lanes].flatMap(([ended, { endpointId }]) => (isOne(endpointId) ? [ended] : []));
  }
}

/** Makes an attempt. `null` when it was broken off by the end of the process. */
export async function attempt(
  { attempter, observer }: { readonly attempter: Attempter; readonly observer?: DispatchObserver },
  job: Job,
  signal: AbortSignal,
): Promise<AttemptResult | null> {
  try {
    const result = await attempter.attempt(job, signal);
    return signal.aborted && result.kind !== "made" ? null : result;
  } catch (error) {
    observer?.trouble?.("attempt", error);
    return { kind: "not_now", pauseMs: MAX_PAUSE_MS };
  }
}

/**
 * Tells the pace of a lane how an attempt ended. Returns until when its failure has the endpoint left alone; 0: it does not.
 *
 * @param full Whether the lane had as much in flight as it may.
 */
export function judge({ lane, ticket }: Flight, result: AttemptResult, full: boolean, at: JudgedAt): number {
  const { now, random } = at;
  const pace = lane.pace!;
  if (result.kind !== "made" || result.attempt.unsent === true) {
    pace.notMade(now, ticket);
  } else if (result.attempt.status === 0) {
    pace.succeeded(now, ticket, full);
  } else {
    const { responseCode } = result.attempt;
    pace.failed(now, ticket, { responseCode, retryAfterMs: result.retryAfterMs }, random());
    return pace.heldUntil(now);
  }
  return 0;
}

export interface JudgedAt {
  /** Unix milliseconds. */
  readonly now: number;
  /** A number from 0 to below 1. */
  readonly random: () => number;
}
