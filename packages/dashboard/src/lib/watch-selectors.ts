/** Selectors that read something from recent payloads, as suggestions. */

export interface SuggestedSelector {
  readonly selector: string;
  /** A value that it reads, shortened. */
  readonly example: string;
  /** Whether it is a list of objects, which `items` can read. */
  readonly isList: boolean;
}

const MAX_DEPTH = 4;
const MAX_SUGGESTIONS = 60;
const PLAIN = /^[A-Za-z_]\w*$/;

/** Paths to the scalars and lists of these payloads, in the order in which they first appear. Numbers come first. */
export function suggestSelectors(payloads: readonly unknown[]): readonly SuggestedSelector[] {
  const found = new Map<string, SuggestedSelector & { readonly isNumber: boolean }>();
  for (const payload of payloads) collect(payload, "$", 0, found);
  return [...found.values()]
    .toSorted((a, b) => Number(b.isNumber) - Number(a.isNumber))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ selector, example, isList }) => ({ selector, example, isList }));
}

function collect(
  value: unknown,
  path: string,
  depth: number,
  found: Map<string, SuggestedSelector & { readonly isNumber: boolean }>,
): void {
  if (found.size > MAX_SUGGESTIONS * 2 || depth > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    const [first] = value as readonly unknown[];
    const list = `${path}[*]`;
    const isObject = typeof first === "object" && first !== null;
    if (!found.has(list)) {
      found.set(list, { selector: list, example: shortened(value), isList: isObject, isNumber: false });
    }
    if (isObject) collect(first, list, depth + 1, found);
    return;
  }
  if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      collect(member, PLAIN.test(name) ? `${path}.${name}` : `${path}[${quoted(name)}]`, depth + 1, found);
    }
    return;
  }
  if (path === "$" || found.has(path)) return;
  found.set(path, { selector: path, example: shortened(value), isList: false, isNumber: typeof value === "number" });
}

function quoted(name: string): string {
  return `'${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function shortened(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** The path of a selector in a filter, as a suggestion: `body.order.total` for `$.order.total`. */
export function filterPathOf({ selector, example, isList }: SuggestedSelector) {
  const path = `body${selector.slice(1)}`.replaceAll(/\['((?:[^'\\]|\\.)*)'\]/g, (_, name: string) => {
    return `.${JSON.stringify(name.replaceAll(/\\(.)/g, "$1"))}`;
  });
  return isList ? [] : [{ value: path, label: example }];
}

/** Name of the value that a selector reads, for sentences: `temperature` for `$.sensor.temperature`; `null`: it has none. */
export function selectorName(selector: string): string | null {
  if (selector.startsWith("$")) {
    const names = [...selector.matchAll(/\.([A-Za-z_]\w*)|\['((?:[^'\\]|\\.)*)'\]/g)];
    const [, plain, inQuotes] = names.at(-1) ?? [];
    return plain ?? inQuotes ?? null;
  }
  return selector === "" || selector === "body" ? null : selector;
}

/** Paths that a filter can compare, as suggestions: those that were found, and names beside the payload. */
export function filterPathsOf(found: readonly SuggestedSelector[], others: readonly string[]) {
  return [...found.flatMap(filterPathOf), ...others.map((value) => ({ value, label: "" }))];
}
