/** The rules that must hold, and the first violation of one. */
export const RULES = {
  accepted_is_stored: "A message that was accepted or sent was committed before.",
  nothing_lost: "Committed rows stay, whatever happens to the process.",
  never_doubled:
    "A delivery has one attempt at a time, each is stored once, and a finished delivery is not sent again.",
  only_what_is_due: "No delivery is sent before it is due, or after it was canceled.",
  held_gets_nothing: "A disabled or paused endpoint receives nothing.",
  signed: "Every request is signed with the secret of its endpoint.",
  caps: "Attempts in flight stay within the limits: in all, per application, per host and per endpoint.",
  fair: "While an endpoint waits to be served, no other application starts more attempts than this one has endpoints.",
  rate: "No more attempts start per second than the policy allows.",
  breaker:
    "An endpoint that asks to wait receives nothing until then, and one that keeps failing receives only probes.",
  order:
    "No delivery overtakes an earlier one of its order before that is finished or has blocked for the maximum time.",
  unblocked: "After an unblock, no delivery waits for the one that was unblocked.",
  waiting_is_free: "Exactly the scheduled attempts count.",
  success_is_final: "A delivery that has succeeded stays succeeded, and generations and attempts never decrease.",
  retry_policy: "A failed delivery is retried, and fails for good, exactly when its policy says so.",
  resend_is_made: "A resend or recovery that was accepted is attempted, unless it is canceled or no longer needed.",
  replay_held: "A paused or canceled replay makes nothing due, and any other replay finishes.",
  bounded_memory: "Memory stays within its limits, and is freed when there is nothing to do.",
  found_again: "A due delivery to a working endpoint is attempted soon, and every delivery finishes.",
  one_owner: "Only the node that owns the shard starts an attempt.",
  fenced: "A node that has lost a shard records no outcome for it.",
  handed_over: "A node gives up a shard with nothing in flight, and a healthy node loses none.",
  shards_move: "A shard without an owner gets one within seconds, and every node has its share.",
  stops: "A process that is asked to stop does so in time.",
  nothing_unexpected: "Every failure is one of our own errors.",
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

  /** The first violation. Later ones may be consequences of it. */
  get violation(): Violation | null {
    return this.#violation;
  }

  broken(rule: Rule, text: string): void {
    this.#violation ??= { rule, text, at: this.#now() };
  }
}
