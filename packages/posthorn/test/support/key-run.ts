/** Runs one key of a rule in tests, and stores and restores its state between steps. */
import { compileRule } from "../../src/conditions/parse.ts";
import type { RuleJson } from "../../src/conditions/schema.ts";
import { deserialise, type KeyState, newState, serialise } from "../../src/conditions/state.ts";
import { advance, applySample, carryOver } from "../../src/conditions/step.ts";
import type { Rule, Transition } from "../../src/conditions/types.ts";

export const MINUTE = 60_000;

export class KeyRun {
  rule: Rule;
  state: KeyState;
  upSince = 0;
  isForgotten = false;
  readonly transitions: Transition[] = [];
  #message = 0;
  #version = 1;

  constructor(rule: RuleJson) {
    this.rule = compileRule(rule);
    this.state = newState(this.rule, { version: 1, incarnation: 1, at: 0, expected: false });
  }

  sample(value: unknown, now: number, time: number | null = null): void {
    this.tick(now);
    const sample = { value, time, filters: this.rule.leaves.map(() => null), message: ++this.#message, depth: 0 };
    const step = applySample(this.rule, this.state, sample, { now, upSince: this.upSince });
    this.state = step.state;
    this.transitions.push(...step.transitions);
  }

  tick(now: number): void {
    const step = advance(this.rule, this.state, { now, upSince: this.upSince });
    this.transitions.push(...step.transitions);
    this.isForgotten = step.state === null;
    this.state =
      step.state ?? newState(this.rule, { version: 1, incarnation: this.#message + 2, at: now, expected: false });
  }

  /** Stores the state and reads it again, as a restart does. */
  restart(): void {
    this.state = deserialise(serialise(this.state));
  }

  change(rule: RuleJson): void {
    this.rule = compileRule(rule);
    const step = carryOver(this.rule, this.state, { version: ++this.#version, expected: false, at: this.state.at });
    this.state = step.state;
    this.transitions.push(...step.transitions);
  }

  /** Transitions as `kind@minute`. */
  told(): readonly string[] {
    return this.transitions.map(({ kind, at }) => `${kind}@${Math.round(at / MINUTE)}`);
  }
}
