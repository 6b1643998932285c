/** Filters of templates. Each takes time linear in its input, and returns a value of any type. */
import { isScalar, isShown, jsonOf, textOf } from "./event.ts";
import { formatDate, isTimeZone } from "./format-date.ts";
import { humanise } from "./humanise.ts";
import { excerptOf, shortened } from "./excerpt.ts";

type Values = readonly (string | number)[];

export interface Filter {
  /** What it does, for the documentation. */
  readonly help: string;
  readonly example: string;
  /** What is wrong with the arguments; `null`: nothing. */
  check(values: Values): string | null;
  apply(value: unknown, values: Values): unknown;
}

const none = (values: Values): string | null => (values.length === 0 ? null : "takes no argument");
const wholeNumber =
  (least: number, most: number) =>
  (values: Values): string | null => {
    const [number] = values;
    const isValid = values.length === 1 && typeof number === "number" && Number.isInteger(number);
    return isValid && number >= least && number <= most ? null : `takes a whole number from ${least} to ${most}`;
  };

/** Text filters read the beginning of long values only. More is never shown. */
const MAX_INPUT = 10_000;

const plain = (value: unknown): string => textOf(value).text.slice(0, MAX_INPUT);

function joined(items: readonly unknown[], separator: string): string {
  let text = "";
  for (const [index, item] of items.entries()) {
    if (text.length > MAX_INPUT) break;
    text += (index === 0 ? "" : separator) + plain(item);
  }
  return text;
}

export const FILTERS: Readonly<Record<string, Filter>> = {
  default: {
    help: "Replaces an absent or empty value.",
    example: '{{ body.name | default: "unknown" }}',
    check: ({ length }) => (length === 1 ? null : "takes one argument"),
    apply: (value, [other]) => (isShown(value) ? value : other),
  },
  map: {
    help: "Replaces values with others, given in pairs. A value without a pair becomes empty.",
    example: '{{ body.status | map: "firing", "error", "resolved", "success" | default: "info" }}',
    check: ({ length }) => (length >= 2 && length % 2 === 0 ? null : "takes pairs of a value and its replacement"),
    apply: (value, pairs) => {
      const text = plain(value);
      const at = pairs.findIndex((from, index) => index % 2 === 0 && String(from) === text);
      return at === -1 ? "" : pairs[at + 1];
    },
  },
  upper: {
    help: "Upper case.",
    example: "{{ body.country | upper }}",
    check: none,
    apply: (value) => plain(value).toUpperCase(),
  },
  lower: {
    help: "Lower case.",
    example: "{{ body.email | lower }}",
    check: none,
    apply: (value) => plain(value).toLowerCase(),
  },
  humanise: {
    help: "Turns a name into words: `invoice.payment_failed` becomes `Invoice payment failed`.",
    example: "{{ eventType | humanise }}",
    check: none,
    apply: (value) => humanise(plain(value)),
  },
  truncate: {
    help: "Shortens a text to a number of characters.",
    example: "{{ body.description | truncate: 200 }}",
    check: wholeNumber(1, 4000),
    apply: (value, [limit]) => shortened(excerptOf(plain(value)), { limit: Number(limit) }),
  },
  date: {
    help: "Formats a time: RFC 3339, or Unix seconds or milliseconds. `YYYY`, `MM`, `DD`, `HH`, `mm` and `ss` are replaced. The time zone is UTC unless a second argument names another.",
    example: '{{ body.created | date: "DD.MM.YYYY HH:mm", "Europe/Berlin" }}',
    check: ([format, zone, ...others]) => {
      if (typeof format !== "string" || others.length > 0) return "takes a format and, optionally, a time zone";
      if (zone === undefined || (typeof zone === "string" && isTimeZone(zone))) return null;
      return `does not know the time zone "${zone}"; use a name such as Europe/Berlin`;
    },
    apply: (value, [format, zone]) => formatDate(value, String(format), zone === undefined ? "UTC" : String(zone)),
  },
  round: {
    help: "Rounds a number to decimal places.",
    example: "{{ body.load | round: 2 }}",
    check: wholeNumber(0, 9),
    apply: (value, [places]) => {
      const number = typeof value === "number" ? value : Number(plain(value).trim() || Number.NaN);
      return Number.isFinite(number) ? number.toFixed(Number(places)) : value;
    },
  },
  divide: {
    help: "Divides a number, for amounts in cents.",
    example: "{{ body.amount | divide: 100 | round: 2 }}",
    check: ([by, ...others]) =>
      typeof by === "number" && by !== 0 && others.length === 0 ? null : "takes a number other than 0",
    apply: (value, [by]) =>
      typeof value === "number" || typeof value === "bigint" ? Number(value) / Number(by) : value,
  },
  join: {
    help: "Joins the items of a list.",
    example: '{{ body.labels | join: ", " }}',
    check: ([separator, ...others]) =>
      typeof separator === "string" && others.length === 0 ? null : "takes a separator in quotes",
    apply: (value, [separator]) => (Array.isArray(value) ? joined(value, String(separator)) : value),
  },
  size: {
    help: "The number of items of a list, or of characters of a text.",
    example: "{{ body.lines | size }}",
    check: none,
    apply: (value) => (Array.isArray(value) || typeof value === "string" ? value.length : isScalar(value) ? 1 : 0),
  },
  json: {
    help: "The value as JSON.",
    example: "{{ body.address | json }}",
    check: none,
    apply: (value) => jsonOf(value).text,
  },
};
