/** The rules that must hold, and the first one that was broken. */
export const RULES = {
  accepted_is_stored: "What was answered with success, or sent, was committed before.",
  nothing_lost: "What was committed stays, whatever happens to the process.",
  never_doubled: "One attempt of a delivery at a time, each on disk once; nothing that is at its end is sent again.",
  only_what_is_due: "Nothing is sent before its time, nor when nobody wants it any more.",
  held_is_left_alone: "An endpoint that is off gets nothing.",
  caps: "No more is in flight than the settings allow: in all, of one application, to one host and to one endpoint.",
  fair: "While an endpoint waits for its turn, no other application has more turns than this one has endpoints.",
  rate: "No more attempts start in a second than the policy allows.",
  left_alone: "An endpoint that asks for a pause gets it, and one that only fails is tried now and then, and no more.",
  order: "Nothing overtakes what is before it in its order, until that is done or has blocked for as long as it may.",
  unblocked: "Nothing waits any longer for what somebody has let others pass.",
  waiting_is_free: "The attempts that count are those that were made by schedule, neither more nor fewer.",
  success_is_final: "A delivery that has succeeded stays so, and generations and attempts never go back.",
  retry_policy: "A failed delivery is tried again when the policy says so, and given up only when it says so.",
  wish_kept: "A resend or recovery that was accepted is attempted, unless it is canceled or not needed any more.",
  replay_held: "A replay that is paused or canceled makes nothing due, and one that is not comes to its end.",
  bounded_memory: "What is in memory stays within its bounds, and goes when there is nothing to do.",
  found_again: "What is due for an endpoint that works is made soon, and everything comes to an end.",
  one_owner: "An attempt begins at the node alone that has the shard.",
  fenced: "A node that has lost a shard records nothing for it.",
  handed_over: "A node gives up a shard when nothing is under way there, and loses none while all is well with it.",
  shards_move: "A shard that nobody has is somebody's within seconds, and every node has its share.",
  stops: "A process that is told to stop stops in time.",
  nothing_unexpected: "What fails fails with one of our own errors.",
} as const;

export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  readonly text: string;
  /** Elapsed milliseconds. */
  readonly at: number;
}

export class Verdict {
  #violation: Violation | null = null;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The first rule that was broken; what follows may be an effect of it. */
  get violation(): Violation | null {
    return this.#violation;
  }

  broken(rule: Rule, text: string): void {
    this.#violation ??= { rule, text, at: this.#now() };
  }
}
