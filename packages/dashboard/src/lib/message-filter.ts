/** Message filters as search parameters of the URL. */

export const MESSAGE_STATES = ["failed", "held", "retrying", "pending", "succeeded", "canceled", "unmatched"] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** Time ranges that end now, in minutes. */
export const RANGES = { "15m": 15, "1h": 60, "24h": 1440, "7d": 10_080, "30d": 43_200 } as const;
export type Range = keyof typeof RANGES;

export const DIRECTIONS = ["out", "in"] as const;
export type Direction = (typeof DIRECTIONS)[number];

export interface MessageFilter {
  /** An ID, an event ID, or text in the payload. */
  readonly q?: string;
  readonly direction?: Direction;
  readonly state?: MessageState;
  readonly range?: Range;
  /** RFC 3339; takes the place of `range`. */
  readonly after?: string;
  readonly before?: string;
  readonly app?: string;
  readonly endpoint?: string;
  readonly type?: string;
  readonly channel?: string;
  readonly tag?: string;
}

const TEXTS = ["q", "after", "before", "app", "endpoint", "type", "channel", "tag"] as const;

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
const isDateTime = (text: string): boolean => DATE_TIME.test(text) && Number.isFinite(Date.parse(text));
/** An ID or an external ID. */
export const isReference = (text: string): boolean => /^[\w.-]{1,256}$/.test(text);

/** Checks for values that people do not type, and for which the API would reject the whole request. */
const CHECKS: Partial<Record<(typeof TEXTS)[number], (text: string) => boolean>> = {
  after: isDateTime,
  before: isDateTime,
  app: isReference,
  endpoint: isReference,
};

/** Parses the search parameters of a URL, which people edit and share: invalid values are ignored. */
export function toMessageFilter(search: Readonly<Record<string, unknown>>): MessageFilter {
  const filter: Record<string, string> = {};
  for (const name of TEXTS) {
    const value = search[name];
    // The router parses digits as a number.
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    if (text !== "" && (CHECKS[name]?.(text) ?? true)) filter[name] = text;
  }
  const state = MESSAGE_STATES.find((name) => name === search["state"]);
  const range = (Object.keys(RANGES) as Range[]).find((name) => name === search["range"]);
  const direction = DIRECTIONS.find((name) => name === search["direction"]);
  return {
    ...filter,
    ...(direction === undefined ? {} : { direction }),
    ...(state === undefined ? {} : { state }),
    ...(range === undefined ? {} : { range }),
  };
}

/** Query parameters of `GET /api/v1/message`. */
export function toSearchQuery(filter: MessageFilter, now: number): Record<string, string | string[]> {
  const { q, direction, state, range, after, before, app, endpoint, type, channel, tag } = filter;
  const since = after ?? (range === undefined ? undefined : new Date(now - RANGES[range] * 60_000).toISOString());
  const query = {
    ...(q === undefined ? {} : searchParameters(q.trim())),
    direction,
    state,
    after: since,
    before: before ?? (since === undefined ? undefined : new Date(now + 60_000).toISOString()),
    app_id: app,
    endpoint_id: app === undefined ? undefined : endpoint,
    event_types: type?.split(","),
    channel,
    tag,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Record<
    string,
    string | string[]
  >;
}

/** `event:…` searches by event ID, `msg_…` and `atmpt_…` by ID, and any other text in payloads. */
function searchParameters(q: string): { readonly message_id?: string; readonly text?: string } {
  if (/^(msg|atmpt)_/.test(q)) return { message_id: q };
  if (q.startsWith("event:")) return { message_id: q.slice("event:".length).trim() };
  return q.length < 2 ? {} : { text: q };
}
