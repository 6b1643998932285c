/** Simulated receivers, and how each of them behaves over the week. */
import type { Random } from "./random.ts";
import { MINUTE, type Span } from "./spans.ts";

/** Behaviour of a receiver for a while. */
export type Mood =
  | "healthy"
  /** Refuses connections. */
  | "down"
  /** Responds slowly, but in time. */
  | "slow"
  /** Never responds. */
  | "hanging"
  /** Resets connections, with or without having processed the request. */
  | "resetting"
  /** Responds 500. */
  | "failing"
  /** Every second response is a failure. */
  | "flapping"
  /** Responds 429 or 503 with the time to wait. */
  | "limiting"
  /** Responds 410. */
  | "gone";

interface Phase {
  readonly from: number;
  readonly mood: Mood;
}

const TROUBLE: readonly Mood[] = ["down", "slow", "hanging", "resetting", "failing", "flapping", "limiting"];

export class Receiver {
  readonly host: string;
  readonly #phases: Phase[] = [{ from: 0, mood: "healthy" }];

  /** Faults end with their span. */
  constructor(host: string, random: Random, { faults: until, speedUp }: Span) {
    this.host = host;
    if (random.chance(0.25)) return;
    const minutes = (least: number, most: number): number => random.span(least * MINUTE, most * MINUTE) / speedUp;
    for (let at = minutes(10, 2880); at < until;) {
      const mood = random.chance(0.02) ? "gone" : random.pick(TROUBLE);
      this.#phases.push({ from: at, mood });
      at += minutes(1, 1440);
      this.#phases.push({ from: Math.min(at, until), mood: "healthy" });
      at += minutes(10, 2880);
    }
  }

  moodAt(elapsed: number): Mood {
    return this.#phaseAt(elapsed).mood;
  }

  /** Time since which it has been healthy without interruption; `null`: it is not healthy. */
  healthySince(elapsed: number): number | null {
    const { mood, from } = this.#phaseAt(elapsed);
    return mood === "healthy" ? from : null;
  }

  #phaseAt(elapsed: number): Phase {
    return this.#phases.findLast((phase) => phase.from <= elapsed)!;
  }
}

/** A few of them, by host: the first two are one host, on two ports. */
export function receiversOf(random: Random, span: Span): ReadonlyMap<string, Receiver> {
  const receivers = new Map<string, Receiver>();
  for (let index = random.int(2, 5); index > 0; index--) {
    const host = index === 2 ? "receiver-1.example.com:8443" : `receiver-${index}.example.com`;
    receivers.set(host, new Receiver(host, random, span));
  }
  return receivers;
}
