/** Problems in the rule of a watch: where, what is wrong, and how to correct it. */

export class RuleError extends Error {
  override readonly name = "RuleError";
  /** Names and indexes from the rule to the problem, such as `["when", "all", "0", "above"]`. */
  readonly path: readonly string[];

  constructor(path: readonly string[], message: string) {
    super(message);
    this.path = path;
  }
}

/** Suggests the known name closest to a misspelt one, as a sentence; empty if none is close. */
export function suggestion(name: string, known: readonly string[]): string {
  const closest = known
    .map((candidate) => ({ candidate, distance: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return closest !== undefined && closest.distance <= 2 ? ` Did you mean \`${closest.candidate}\`?` : "";
}

/** Edit distance of two texts. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
