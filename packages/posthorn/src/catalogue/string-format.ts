/** JSON Schema formats detected in strings. A place has the formats that all its strings have in common. */

export const STRING_FORMATS = ["date-time", "date", "uuid", "email", "uri"] as const;
export type StringFormat = (typeof STRING_FORMATS)[number];

/** Longer strings have no format. */
const MAX_LENGTH = 2048;

/** Stricter than the formats themselves, so that every validator accepts a matching string. */
const CHECKS: Readonly<Record<StringFormat, (text: string) => boolean>> = {
  "date-time": (text) =>
    /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/.test(text) &&
    isDay(text.slice(0, 10)),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text),
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
  email: (text) =>
    /^[a-z0-9]+(?:[._+-][a-z0-9]+)*@[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+$/i.test(text),
  uri: (text) =>
    /^https?:\/\/[a-z0-9]+(?:[.-][a-z0-9]+)*(?::\d{1,5})?(?:\/[\w\-.~:@!$&'()*+,;=/]*)?(?:\?[\w\-.~:@!$&'()*+,;=/?]*)?$/i.test(
      text,
    ),
};

/** Formats of a string. */
export function stringFormats(text: string): readonly StringFormat[] {
  if (text.length > MAX_LENGTH) return [];
  return STRING_FORMATS.filter((format) => CHECKS[format](text));
}

/** Whether the day exists. `Date` accepts 30 February as 2 March. */
function isDay(text: string): boolean {
  const day = new Date(text);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

export function intersect(one: readonly StringFormat[], other: readonly StringFormat[]): readonly StringFormat[] {
  return one.filter((format) => other.includes(format));
}
