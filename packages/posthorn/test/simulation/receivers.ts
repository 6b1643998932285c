/** The receivers of webhooks: how each of them behaves over the week. */
import type { Random } from "./random.ts";
import { MINUTE, type Span } from "./spans.ts";

/** How a receiver is for a while. */
export type Mood =
  | "healthy"
  /** Refuses connections. */
  | "down"
  /** Answers within its time, but slowly. */
  | "slow"
  /** Never answers. */
  | "hanging"
  /** Breaks connections off, having taken the request or not. */
  | "resetting"
  /** Answers 500. */
  | "failing"
  /** Every second answer is a failure. */
  | "flapping"
  /** Answers 429 or 503 and says for how long it wants to be left alone. */
  | "limiting"
  /** Answers 410: it wants nothing any more. */
  | "gone";

interface Phase {
  readonly from: number;
  readonly mood: Mood;
}

const TROUBLE: readonly Mood[] = ["down", "slow", "hanging", "resetting", "failing", "flapping", "limiting"];

export class Receiver {
  readonly host: string;
  readonly #phases: Phase[] = [{ from: 0, mood: "healthy" }];

  /** Trouble ends with its span. */
  constructor(host: string, random: Random, { trouble: until, haste }: Span) {
    this.host = host;
    if (random.chance(0.25)) return;
    const minutes = (least: number, most: number): number => random.span(least * MINUTE, most * MINUTE) / haste;
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

  /** Since when it is healthy without a break; `null` when it is not. */
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
