/** Estimates the cost of compiling a regular expression without compiling it. */

/** Upper bounds, computed from the text of a pattern in one pass. */
export interface RegexCost {
  /** Instructions of the compiled program, with repetitions expanded. */
  readonly instructions: number;
  /** Code points and table entries that the compiler processes to build the character classes. */
  readonly classWork: number;
}

/** Cost of one Unicode class such as `\p{L}`: the largest have more than 700 ranges, which are copied, case-folded and sorted. */
const UNICODE_CLASS_WORK = 4096;
/** Range of the code points that have case variants. The compiler case-folds ranges code point by code point. */
const FIRST_FOLDED = 0x41;
const LAST_FOLDED = 0x1e943;

/**
 * Scans a pattern in RE2 syntax. Never throws, and takes time linear in the length of the pattern. For an invalid pattern the result is
 * arbitrary, which is safe: the compiler rejects it during parsing, before it expands repetitions.
 */
export function regexCost(source: string): RegexCost {
  return new Scanner(source).scan();
}

/** Sizes inside one pair of parentheses, or of the whole pattern. */
interface Group {
  readonly captures: boolean;
  total: number;
  /** Instructions of the last item, to which a following repetition applies. */
  last: number;
  /** Whether the current group or alternative is still empty. */
  empty: boolean;
}

/** Counts have no leading zero: `{01}` is four literal characters. */
const REPETITION = /\{(0|[1-9]\d{0,7})(?:(,)(0|[1-9]\d{0,7})?)?\}/y;
const FLAGS_OR_NAME = /\(\?(?:P?<[^>]*>|[imsU-]*([:)]))/y;
const UNICODE_CLASS = /\\[pP](?:\{[^}]*\}|[^{])/uy;
const ESCAPE = /\\(?:x\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|([0-7]{1,3})|[^])/uy;
const POSIX_CLASS = /\[:[^\]]*?:\]/y;

class Scanner {
  readonly #source: string;
  /** Whether case is ignored anywhere in the pattern. For parts that do not ignore it, the estimate is too high. */
  readonly #folds: boolean;
  readonly #groups: Group[] = [newGroup(false)];
  #at = 0;
  #classWork = 0;

  constructor(source: string) {
    this.#source = source;
    this.#folds = /\(\?[imsU-]*i/.test(source);
  }

  scan(): RegexCost {
    while (this.#at < this.#source.length) this.#next();
    // Two more for the match and fail instructions. Unclosed groups are errors anyway.
    return { instructions: this.#endOf(this.#groups[0]!) + 2, classWork: this.#classWork };
  }

  #next(): void {
    switch (this.#source.charAt(this.#at)) {
      case "(":
        return this.#open();
      case ")":
        this.#at++;
        return this.#close();
      case "|":
        this.#at++;
        return this.#alternative();
      case "[":
        return this.#class();
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        this.#at++;
        // `*` on an expression that can match the empty string takes two instructions.
        return this.#repeat((size) => size + 2);
      case "{":
        return this.#counted();
      default:
        this.#skipCharacter();
        return this.#atom(1);
    }
  }

  get #group(): Group {
    return this.#groups.at(-1)!;
  }

  #atom(size: number): void {
    const group = this.#group;
    group.total += size;
    group.last = size;
    group.empty = false;
  }

  #repeat(sizeOf: (size: number) => number): void {
    const { last } = this.#group;
    this.#group.total -= last;
    this.#atom(sizeOf(last));
    // A `?` after a repetition makes it lazy.
    if (this.#source[this.#at] === "?") this.#at++;
  }

  #counted(): void {
    const found = this.#match(REPETITION);
    if (found === null) {
      this.#at++;
      return this.#atom(1);
    }
    const min = Number(found[1]);
    if (found[2] !== undefined && found[3] === undefined) return this.#repeat((size) => Math.max(1, min) * size + 2);
    const max = Number(found[3] ?? min);
    // An expression repeated zero times is still parsed and simplified.
    if (max === 0) return this.#repeat((size) => size + 1);
    return this.#repeat((size) => min * size + Math.max(0, max - min) * (size + 1));
  }

  #open(): void {
    const found = this.#match(FLAGS_OR_NAME);
    if (found === null) this.#at++;
    // `(?i)` sets flags and opens nothing.
    if (found?.[1] === ")") return;
    this.#groups.push(newGroup(found?.[1] !== ":"));
  }

  #close(): void {
    if (this.#groups.length === 1) return;
    const group = this.#groups.pop()!;
    this.#atom(this.#endOf(group) + (group.captures ? 2 : 0));
  }

  #alternative(): void {
    const group = this.#group;
    group.total = this.#endOf(group) + 1;
    group.last = 0;
    group.empty = true;
  }

  /** Size of a group; an empty alternative takes one instruction. */
  #endOf({ total, empty }: Group): number {
    return empty ? total + 1 : total;
  }

  #escape(): void {
    if (this.#source.startsWith("\\Q", this.#at)) return this.#quoted();
    if (this.#match(UNICODE_CLASS) !== null) this.#classWork += UNICODE_CLASS_WORK;
    else this.#escapedCharacter();
    this.#atom(1);
  }

  /** `\Q…\E`: literal characters. */
  #quoted(): void {
    const end = this.#source.indexOf("\\E", this.#at + 2);
    const text = this.#source.slice(this.#at + 2, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#source.length : end + 2;
    for (let left = Array.from(text).length; left > 0; left--) this.#atom(1);
  }

  #class(): void {
    this.#at++;
    if (this.#source[this.#at] === "^") this.#at++;
    for (let first = true; this.#at < this.#source.length; first = false) {
      if (this.#source[this.#at] === "]" && !first) {
        this.#at++;
        break;
      }
      this.#classItem();
    }
    this.#atom(1);
  }

  #classItem(): void {
    if (this.#match(POSIX_CLASS) !== null) return;
    if (this.#match(UNICODE_CLASS) !== null) {
      this.#classWork += UNICODE_CLASS_WORK;
      return;
    }
    const low = this.#character();
    const isRange = this.#source[this.#at] === "-" && this.#source[this.#at + 1] !== "]";
    if (!isRange) return;
    this.#at++;
    this.#range(low, this.#character());
  }

  #range(low: number, high: number): void {
    // A range that includes all of these code points needs no case folding.
    if (!this.#folds || (low <= FIRST_FOLDED && high >= LAST_FOLDED)) return;
    this.#classWork += Math.max(0, Math.min(high, LAST_FOLDED) - Math.max(low, FIRST_FOLDED) + 1);
  }

  #character(): number {
    return this.#source[this.#at] === "\\" ? this.#escapedCharacter() : this.#skipCharacter();
  }

  #skipCharacter(): number {
    const code = this.#source.codePointAt(this.#at) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  /** The character an escape represents; for an escape without one, such as `\b`, its letter. */
  #escapedCharacter(): number {
    const found = this.#match(ESCAPE);
    if (found === null) {
      this.#at++;
      return 0x5c;
    }
    const hex = found[1] ?? found[2];
    if (hex !== undefined) return Number.parseInt(hex, 16);
    return found[3] === undefined ? (found[0].codePointAt(1) ?? 0) : Number.parseInt(found[3], 8);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found !== null) this.#at += found[0].length;
    return found;
  }
}

function newGroup(captures: boolean): Group {
  return { captures, total: 0, last: 0, empty: true };
}
