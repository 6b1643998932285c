/**
 * Finds values in JSON text by path, without parsing it into objects: repeated members are all found, and every byte keeps its place.
 * The syntax is checked strictly, so that a value cannot hide behind a mistake.
 */
import type { PathStep } from "../lib/json-path.ts";

/** A value that a path matches. `end` is excluded. */
export interface FoundValue {
  readonly start: number;
  readonly end: number;
  /** Position of the first of the paths that match it. */
  readonly path: number;
}

/** A text outside of found values: a string or name, with its quotes, or a number. */
export type VisitText = (kind: "string" | "name" | "number", start: number, end: number) => void;

export interface FoundValues {
  /** In the order of the text. No value is inside another one. */
  readonly values: readonly FoundValue[];
  /** Offset of the first mistake; `null`: the text is JSON. A value that the mistake is in ends there. */
  readonly mistake: number | null;
}

/** Deeper values are refused like mistakes. */
const MAX_DEPTH = 256;
/** Steps of one path, which the number of a state contains. */
export const MAX_STEPS = 32;

const QUOTE = 0x22;
const COMMA = 0x2c;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** @param json Valid UTF-8. */
export function findValues(
  json: Buffer,
  paths: readonly (readonly PathStep[])[],
  visit: VisitText | null = null,
): FoundValues {
  const finder = new Finder(json, paths, visit);
  const mistake = finder.run();
  return { values: finder.found, mistake };
}

class Mistake extends Error {}

/** A step with its name as bytes, which are compared without decoding the text. */
interface Step {
  readonly step: PathStep;
  readonly name: Buffer;
}

/** A place in a path: the position of the path, times `MAX_STEPS`, plus the number of steps that are done. */
type State = number;
const NONE: readonly State[] = [];
const NO_NAME = Buffer.alloc(0);

class Finder {
  readonly found: FoundValue[] = [];
  readonly #json: Buffer;
  readonly #paths: readonly (readonly Step[])[];
  readonly #visit: VisitText | null;
  #at = 0;
  /** The last string contains escapes. */
  #isEscaped = false;
  /** Inside a value that was found. */
  #isIn = false;

  constructor(json: Buffer, paths: readonly (readonly PathStep[])[], visit: VisitText | null) {
    this.#json = json;
    this.#paths = paths.map((steps) =>
      steps.map((step) => ({ step, name: Buffer.from(step.kind === "name" ? step.name : "") })),
    );
    this.#visit = visit;
  }

  /** Returns the offset of the first mistake, or `null`. */
  run(): number | null {
    const whole = this.#paths.findIndex((steps) => steps.length === 0);
    const states = this.#paths.map((_, path) => path * MAX_STEPS);
    try {
      this.#space();
      this.#value(whole === -1 ? states : NONE, whole, 0);
      this.#space();
      return this.#at === this.#json.length ? null : this.#at;
    } catch (error) {
      if (error instanceof Mistake) return this.#at;
      throw error;
    }
  }

  /** @param path The path that matches this value; -1: none does. */
  #value(states: readonly State[], path: number, depth: number): void {
    if (path === -1 || this.#isIn) return this.#plain(states, depth);
    const start = this.#at;
    this.#isIn = true;
    try {
      this.#plain(NONE, depth);
    } finally {
      this.#isIn = false;
      this.found.push({ start, end: this.#at, path });
    }
  }

  #plain(states: readonly State[], depth: number): void {
    const start = this.#at;
    switch (this.#json[start] ?? 0) {
      case OPEN_BRACE:
        return this.#object(states, depth);
      case OPEN_BRACKET:
        return this.#list(states, depth);
      case QUOTE:
        this.#string();
        return this.#text("string", start);
      case 0x74:
        return this.#literal("true");
      case 0x66:
        return this.#literal("false");
      case 0x6e:
        return this.#literal("null");
      default:
        this.#number();
        return this.#text("number", start);
    }
  }

  #text(kind: "string" | "name" | "number", start: number): void {
    if (this.#visit !== null && !this.#isIn) this.#visit(kind, start, this.#at);
  }

  #object(states: readonly State[], depth: number): void {
    if (depth >= MAX_DEPTH) throw new Mistake();
    this.#at++;
    this.#space();
    if (this.#skips(CLOSE_BRACE)) return;
    for (;;) {
      const start = this.#at;
      if (this.#json[start] !== QUOTE) throw new Mistake();
      this.#string();
      const name = states.length === 0 ? NO_NAME : this.#name(start);
      this.#text("name", start);
      this.#space();
      if (!this.#skips(COLON)) throw new Mistake();
      this.#space();
      this.#child(states, name, -1, depth);
      this.#space();
      if (this.#skips(CLOSE_BRACE)) return;
      if (!this.#skips(COMMA)) throw new Mistake();
      this.#space();
    }
  }

  #list(states: readonly State[], depth: number): void {
    if (depth >= MAX_DEPTH) throw new Mistake();
    this.#at++;
    this.#space();
    if (this.#skips(CLOSE_BRACKET)) return;
    for (let index = 0; ; index++) {
      this.#child(states, null, index, depth);
      this.#space();
      if (this.#skips(CLOSE_BRACKET)) return;
      if (!this.#skips(COMMA)) throw new Mistake();
      this.#space();
    }
  }

  /** @param name `null`: an item of a list. */
  #child(states: readonly State[], name: Buffer | null, index: number, depth: number): void {
    if (states.length === 0) return this.#value(NONE, -1, depth + 1);
    let next: State[] | null = null;
    let path = -1;
    for (const [place, state] of states.entries()) {
      const steps = this.#paths[Math.floor(state / MAX_STEPS)]!;
      const done = state % MAX_STEPS;
      const isMatch = matches(steps[done]!, name, index);
      const stays = steps[done]!.step.deep;
      if (stays && !isMatch && next === null) continue;
      // Most values change nothing: then they share the list of their parent.
      next ??= states.slice(0, place);
      if (stays) next.push(state);
      if (!isMatch) continue;
      if (done + 1 < steps.length) next.push(state + 1);
      else if (path === -1 || Math.floor(state / MAX_STEPS) < path) path = Math.floor(state / MAX_STEPS);
    }
    this.#value(next ?? states, path, depth + 1);
  }

  /** The name that has just been read. */
  #name(start: number): Buffer {
    if (!this.#isEscaped) return this.#json.subarray(start + 1, this.#at - 1);
    return Buffer.from(JSON.parse(this.#json.toString("utf8", start, this.#at)) as string);
  }

  #space(): void {
    const json = this.#json;
    let byte = json[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = json[++this.#at];
  }

  #skips(byte: number): boolean {
    if (this.#json[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #string(): void {
    const json = this.#json;
    this.#isEscaped = false;
    for (let at = this.#at + 1; at < json.length; at++) {
      const byte = json[at]!;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return;
      }
      if (byte < 0x20) break;
      if (byte === BACKSLASH) {
        this.#isEscaped = true;
        const escaped = json[++at];
        if (escaped === 0x75) {
          if (!/^[\da-f]{4}$/i.test(json.toString("latin1", at + 1, at + 5))) break;
          at += 4;
        } else if (escaped === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(escaped))) break;
      }
    }
    // The rest of the text may belong to this string.
    this.#at = json.length;
    throw new Mistake();
  }

  #literal(word: string): void {
    for (let index = 0; index < word.length; index++) {
      if (this.#json[this.#at + index] !== word.charCodeAt(index)) throw new Mistake();
    }
    this.#at += word.length;
  }

  #number(): void {
    const json = this.#json;
    if (json[this.#at] === MINUS) this.#at++;
    const isZero = json[this.#at] === ZERO;
    const digits = this.#digits();
    if (isZero && digits > 1) throw new Mistake();
    if (json[this.#at] === DOT) {
      this.#at++;
      this.#digits();
    }
    // `e` or `E`
    if ((json[this.#at]! | 0x20) !== 0x65) return;
    this.#at++;
    if (json[this.#at] === PLUS || json[this.#at] === MINUS) this.#at++;
    this.#digits();
  }

  /** Returns the number of digits: at least one. */
  #digits(): number {
    const json = this.#json;
    const start = this.#at;
    while (json[this.#at]! >= ZERO && json[this.#at]! <= NINE) this.#at++;
    if (this.#at === start) throw new Mistake();
    return this.#at - start;
  }
}

function matches({ step, name: own }: Step, name: Buffer | null, index: number): boolean {
  switch (step.kind) {
    case "name":
      return name !== null && name.byteLength === own.byteLength && own.equals(name);
    case "index":
      return index === step.index;
    case "slice": {
      const from = step.start ?? 0;
      return index >= from && index < (step.end ?? Infinity) && (index - from) % (step.step ?? 1) === 0;
    }
    case "any":
      return true;
  }
}
