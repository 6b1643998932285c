import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it, vi } from "vitest";
import { regexCost } from "./regex-cost.ts";
import { compileRegex, MAX_CLASS_WORK, MAX_PATTERN_LENGTH, SafeRegexError } from "./safe-regex.ts";

/** Repeats `unit` up to the maximum length of a pattern. */
function filled(unit: string, before = "", after = ""): string {
  const room = MAX_PATTERN_LENGTH - before.length - after.length;
  return before + unit.repeat(Math.floor(room / unit.length)) + after;
}

const LARGE = [
  filled("a{1000}"),
  filled("a{0,1000}"),
  filled("a{999,}"),
  filled("(?:ab){500}"),
  filled("a{1000}?"),
  filled("(a{10,20}){40}"),
  filled("[^a]{1000}"),
  filled(String.raw`\d{1000}`),
  filled(String.raw`\Qa\E{1000}`),
  filled("a{1000}|"),
  filled("(?:a{1000}){1,1}"),
  filled("(?:a{1000}){0}"),
  // Quantifiers next to syntax that could be mistaken for their end, or for escaping them.
  filled("a{1000}", "(", "){00}"),
  filled("a{1000}", "[]]", ""),
  filled("a{1000}", "[^]]", ""),
  filled("a{1000}", String.raw`[\]]`, ""),
  filled("a{1000}", String.raw`\\Q`, ""),
  filled("a{1000}", "[[:alpha:]]", ""),
  filled("a{1000}", "[a-]", ""),
];

const COSTLY_CLASSES = [
  filled("b-\u{10ffff}", "(?i)[", "]"),
  filled("[b-\u{10ffff}]", "(?i)"),
  filled("[b-\u{10ffff}]|", "(?s-m:)(?mi)"),
  filled(String.raw`B-\x{10fff}`, "(?i:[", "])"),
  filled(String.raw`\pL`),
  filled(String.raw`\PL`, "(?i)"),
  filled(String.raw`\pL|`, "(?i)"),
  filled(String.raw`\pL\PN`, "(?i)[^", "]"),
  filled(String.raw`\p{^L}`, "(?i)[", "]"),
];

describe("a pattern that would be expensive to compile", () => {
  it.each([...LARGE, ...COSTLY_CLASSES].map((source) => [source.slice(0, 30), source]))(
    "%s… is rejected before it is compiled",
    (_name, source) => {
      using compile = vi.spyOn(RE2JS, "compile");
      expect(() => compileRegex(source)).toThrow(SafeRegexError);
      expect(compile).not.toHaveBeenCalled();
    },
  );

  it("is rejected with a message that says what to change", () => {
    expect(() => compileRegex(LARGE[0]!)).toThrow(/too large once its repetitions are written out/);
    expect(() => compileRegex(COSTLY_CLASSES[0]!)).toThrow(/use fewer Unicode classes/);
  });
});

describe("a pattern that was rejected", () => {
  it("is rejected for the same reason the next time, without being compiled again", () => {
    const source = filled("a?");
    const reasonOf = () => {
      try {
        return compileRegex(source).size;
      } catch (error) {
        return (error as Error).message;
      }
    };
    const reason = reasonOf();
    using compile = vi.spyOn(RE2JS, "compile");
    expect(reasonOf()).toBe(reason);
    expect(compile).not.toHaveBeenCalled();
  });

  it("is evicted from the cache after many other rejected patterns", () => {
    const refused = (source: string) => expect(() => compileRegex(source)).toThrow(SafeRegexError);
    refused("(first");
    for (let other = 0; other < 300; other++) refused(`(${other}`);
    using compile = vi.spyOn(RE2JS, "compile");
    refused("(first");
    expect(compile).toHaveBeenCalledOnce();
  });
});

describe("a pattern of ordinary size", () => {
  it.each([
    [String.raw`(?i)^[\w.+-]{1,64}@(?:[a-z0-9-]{1,30}\.){1,8}[a-z]{2,24}$`, "Jo.Doe+x@mail.example.com"],
    [String.raw`^\p{Lu}[\p{L}\p{M}' -]{0,99}$`, "Zoë O'Neill"],
    [String.raw`^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$`, "0b9f5c1e-0d1a-4c3b-9d7a-1234567890ab"],
    ["(?i)[^\\x00-\\x7f]", "naïve"],
    ["(?i)^[\u4e00-\u9fff]+$", "漢字"],
    [Array.from({ length: 90 }, (_, n) => `invoice.${n}`).join("|"), "invoice.7"],
    ["a{01}", "a{01}"],
    ["x{0,400}y", "xxy"],
  ])("%.40s compiles and matches", (source, text) => {
    expect(compileRegex(source).test(text)).toBe(true);
  });
});

describe("the estimate of a pattern's cost", () => {
  const atom = fc.oneof(
    fc.constantFrom("a", "é", "🐎", ".", "^", "$", "-", "]", "}", "{", "{,2}", "a{01}", "(?i)", "(?-s)", "(?)"),
    fc.constantFrom("[a-c]", "[^]x]", "[]a-]", "[[:digit:]x]", String.raw`[\]a]`, String.raw`[\pL-]`, "[a{3}]", "[(|]"),
    fc.constantFrom(String.raw`\d`, String.raw`\.`, String.raw`\pL`, String.raw`\x{41}`, String.raw`\x41`),
    fc.constantFrom(String.raw`\b`, String.raw`\101`, String.raw`\Q(a{9}\E`, String.raw`\Q\E`, String.raw`\\`),
  );
  const count = fc.nat({ max: 12 });
  const suffix = fc.oneof(
    { weight: 4, arbitrary: fc.constant("") },
    fc.constantFrom("*", "+", "?", "*?", "??", "{0}", "{00}", "{1}"),
    count.map((n) => `{${n}}`),
    count.map((n) => `{${n},}?`),
    fc.tuple(count, count).map(([min, more]) => `{${min},${min + more}}`),
  );
  const { pattern } = fc.letrec<{ pattern: string; item: string }>((tie) => ({
    item: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.tuple(atom, suffix).map((parts) => parts.join("")),
      fc
        .tuple(fc.constantFrom("(", "(?:", "(?i:", "(?P<n>", "(?<m>"), tie("pattern"), suffix)
        .map(([open, inner, end]) => `${open}${inner})${end}`),
    ),
    pattern: fc
      .array(fc.array(tie("item"), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
      .map((alternatives) => alternatives.map((items) => items.join("")).join("|")),
  }));

  function compiledSize(source: string): number | null {
    try {
      return RE2JS.compile(source).programSize();
    } catch {
      return null;
    }
  }

  /** Whether the estimate is an upper bound; `null` when the text is not a pattern. */
  function isBound(source: string): boolean | null {
    const size = compiledSize(source);
    return size === null ? null : regexCost(source).instructions >= size;
  }

  it("is never below the size of the compiled pattern", () => {
    const verdicts: boolean[] = [];
    fc.assert(
      fc.property(pattern, (source) => {
        const { instructions, classWork } = regexCost(source);
        fc.pre(source.length <= MAX_PATTERN_LENGTH && instructions < 20_000 && classWork < MAX_CLASS_WORK);
        const verdict = isBound(source);
        if (verdict !== null) verdicts.push(verdict);
        return verdict !== false;
      }),
      { numRuns: 3000 },
    );
    expect(verdicts.length).toBeGreaterThan(1000);
  });

  it("is an upper bound for arbitrary texts too", () => {
    const unit = fc.constantFrom(...Array.from("([{|\\Qpx<>?*+^-]})09,:iE🐎"));
    const text = fc.string({ unit, maxLength: 60 });
    expect(() =>
      fc.assert(
        fc.property(text, (source) => isBound(source) !== false),
        { numRuns: 5000 },
      ),
    ).not.toThrow();
  });
});
