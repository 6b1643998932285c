/** Lists of numbers, texts, booleans and null as one line of text. */

const ITEM = /\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)/gy;

/**
 * Values in a list with commas: numbers, `true`, `false` and `null` as such, anything else as text. Quotation marks turn any of them into
 * text.
 */
export function scalarsOf(text: string): unknown {
  const found: unknown[] = [];
  for (const [whole, item = ""] of text.trim().matchAll(ITEM)) {
    if (whole === "") break;
    found.push(scalarOf(item.trim()));
  }
  return found.length === 1 ? found[0] : found;
}

function scalarOf(item: string): unknown {
  if (/^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|".*")$/.test(item)) return jsonOf(item);
  return item;
}

/** Text from which {@link scalarsOf} reads these values. */
export function scalarsText(values: unknown): string {
  const list = Array.isArray(values) ? (values as readonly unknown[]) : [values];
  return list
    .map((value) => {
      if (typeof value !== "string") return JSON.stringify(value);
      const isPlain = value !== "" && value.trim() === value && !/[,"]/.test(value) && scalarOf(value) === value;
      return isPlain ? value : JSON.stringify(value);
    })
    .join(", ");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
