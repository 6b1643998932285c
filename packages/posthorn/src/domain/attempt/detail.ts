/**
 * Details of an attempt that have no columns, and how they are encoded in `attempt.detail_json`.
 *
 * A row is written for every attempt, so the encoding is a short list of values by position, without anything that can be derived (the ID of
 * the message, the names of the standard headers, the sentence of a known cause). Secrets are masked first and never reach the database.
 */

/** Facts about an attempt from its destination. */
export interface SentFacts {
  readonly method: string;
  /** The standard headers, without the ID. */
  readonly standard: StandardFacts;
  /** Names and values of the other headers that were sent; `null` in place of a hidden value. */
  readonly headers: readonly (string | null)[];
  readonly bodyBytes: number;
  readonly timings: AttemptTimings;
  /** `address:port` that was connected to. */
  readonly peer: string | null;
  readonly tls: TlsFacts | null;
  /** `null`: there was no response. */
  readonly response: ResponseFacts | null;
  /** Advice about a failure whose cause has no standard sentence. */
  readonly sentence: string | null;
  readonly retryAfterMs: number | null;
}

/** Stored details of an attempt. */
export interface AttemptFacts extends SentFacts {
  readonly extra: AttemptExtra;
}

/** Details that delivery adds, such as changes to the message before it was sent; `null`: none. */
export type AttemptExtra = Readonly<Record<string, unknown>> | null;

export interface StandardFacts {
  readonly contentType: string;
  readonly userAgent: string;
  /** In the order sent. */
  readonly families: readonly string[];
  /** Unix seconds. */
  readonly timestamp: number;
  readonly signature: string;
}

/** Milliseconds; `null`: the phase was not reached, or not needed. */
export interface AttemptTimings {
  readonly queueMs: number;
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** From the end of the request to the head of the response. */
  readonly waitMs: number | null;
  readonly bodyMs: number | null;
  readonly totalMs: number;
  /** Whether the connection had served an earlier request. */
  readonly reused: boolean;
}

export interface TlsFacts {
  readonly protocol: string;
  /** Unix milliseconds. */
  readonly certificateValidTo: number;
}

export interface ResponseFacts {
  /** Names and values as received; `null` in place of a hidden value. */
  readonly headers: readonly (string | null)[];
  /** The response had more, or longer, headers than are kept. */
  readonly headersCut: boolean;
  /** The body was longer than the part that was read. */
  readonly truncated: boolean;
  /** Error code of what ended the body early. */
  readonly bodyError: string | null;
}

const VERSION = 1;
const HEADERS_CUT = 1;
const TRUNCATED = 2;
/** Place of `extra`, which is the last. */
const EXTRA = 13;

/** Facts that messages of one request have in common, besides most of their standard headers. */
type SharedFacts = Omit<SentFacts, "bodyBytes">;

/** The facts that were encoded last. Messages of one request have the same, and are encoded one after the other. */
let last: SharedFacts | null = null;
/** Their text, once a second message has them: what is before the signature, the headers, and what follows the size of the body. */
let lastText: { readonly start: string; readonly headers: string; readonly rest: string } | null = null;

/** The objects in `facts` must not be changed afterwards. */
export function encodeDetail(facts: SentFacts, extra: AttemptExtra): string {
  const { standard, bodyBytes } = facts;
  if (last !== null && areSame(last, facts)) {
    lastText ??= textOf(facts);
    const { start, headers, rest } = lastText;
    const more = extra === null ? "" : `,${JSON.stringify(extra)}`;
    return `${start}${JSON.stringify(standard.signature)}],${headers},${bodyBytes},${rest}${more}]`;
  }
  last = facts;
  lastText = null;
  const cells: unknown[] = [VERSION, methodOf(facts), standardOf(standard), facts.headers, bodyBytes, ...restOf(facts)];
  if (extra !== null) cells.push(extra);
  return JSON.stringify(cells);
}

/** End of the text before the headers, without a signature. */
const NO_SIGNATURE = '""]]';

function textOf(facts: SharedFacts): NonNullable<typeof lastText> {
  const start = JSON.stringify([VERSION, methodOf(facts), standardOf({ ...facts.standard, signature: "" })]);
  return {
    start: start.slice(0, -NO_SIGNATURE.length),
    headers: JSON.stringify(facts.headers),
    rest: JSON.stringify(restOf(facts)).slice(1, -1),
  };
}

function methodOf({ method }: Pick<SentFacts, "method">): string | 0 {
  return method === "POST" ? 0 : method;
}

function standardOf({ contentType, userAgent, families, timestamp, signature }: StandardFacts): Cells[2] {
  return [contentType, userAgent, families.join(" "), timestamp, signature];
}

/** Compares objects by identity: those of one request are the same objects. The signature is not compared. */
function areSame(facts: SharedFacts, others: SharedFacts): boolean {
  const [standard, otherStandard] = [facts.standard, others.standard];
  return (
    facts.method === others.method &&
    standard.families === otherStandard.families &&
    standard.timestamp === otherStandard.timestamp &&
    standard.contentType === otherStandard.contentType &&
    standard.userAgent === otherStandard.userAgent &&
    facts.timings === others.timings &&
    facts.headers === others.headers &&
    facts.response === others.response &&
    facts.tls === others.tls &&
    facts.peer === others.peer &&
    facts.sentence === others.sentence &&
    facts.retryAfterMs === others.retryAfterMs
  );
}

/** What follows the size of the body. */
function restOf({ timings, peer, tls, response, sentence, retryAfterMs }: SharedFacts): readonly unknown[] {
  const flags = (response?.headersCut ? HEADERS_CUT : 0) | (response?.truncated ? TRUNCATED : 0);
  return [
    [
      tenths(timings.queueMs),
      tenths(timings.dnsMs),
      tenths(timings.connectMs),
      tenths(timings.tlsMs),
      tenths(timings.waitMs),
      tenths(timings.bodyMs),
      tenths(timings.totalMs),
      timings.reused ? 1 : 0,
    ],
    peer,
    tls === null ? null : [tls.protocol, Math.floor(tls.certificateValidTo / 1000)],
    response === null ? null : response.headers,
    flags,
    response === null ? null : response.bodyError,
    sentence,
    retryAfterMs,
  ];
}

/** SQL pattern for details whose `extra` contains content of the message, which is deleted together with the message. */
export const HOLDS_CHANGE = '%"change":%';

/** The details without the body that was sent. */
export function withoutSentBody(json: string): string {
  const cells = JSON.parse(json) as unknown[];
  const extra = cells[EXTRA] as { readonly change?: object };
  return JSON.stringify(cells.with(EXTRA, { ...extra, change: { ...extra.change, logs: null, body: null } }));
}

/** `null` for an encoding that this version does not know. */
export function decodeDetail(json: string): AttemptFacts | null {
  const cells = JSON.parse(json) as Cells;
  if (cells[0] !== VERSION) return null;
  const [, method, standard, headers, bodyBytes, timings, peer, tls, responseHeaders, flags, bodyError, ...rest] =
    cells;
  const [sentence, retryAfterMs, extra] = rest;
  const [queueMs, dnsMs, connectMs, tlsMs, waitMs, bodyMs, totalMs, reused] = timings;
  return {
    method: method === 0 ? "POST" : method,
    standard: {
      contentType: standard[0],
      userAgent: standard[1],
      families: standard[2] === "" ? [] : standard[2].split(" "),
      timestamp: standard[3],
      signature: standard[4],
    },
    headers,
    bodyBytes,
    timings: { queueMs, dnsMs, connectMs, tlsMs, waitMs, bodyMs, totalMs, reused: reused === 1 },
    peer,
    tls: tls === null ? null : { protocol: tls[0], certificateValidTo: tls[1] * 1000 },
    response:
      responseHeaders === null
        ? null
        : {
            headers: responseHeaders,
            headersCut: (flags & HEADERS_CUT) !== 0,
            truncated: (flags & TRUNCATED) !== 0,
            bodyError,
          },
    sentence,
    retryAfterMs,
    extra: extra ?? null,
  };
}

type Cells = readonly [
  version: number,
  method: string | 0,
  standard: readonly [string, string, string, number, string],
  headers: readonly (string | null)[],
  bodyBytes: number,
  timings: readonly [number, number | null, number | null, number | null, number | null, number | null, number, number],
  peer: string | null,
  tls: readonly [string, number] | null,
  responseHeaders: readonly (string | null)[] | null,
  flags: number,
  bodyError: string | null,
  sentence: string | null,
  retryAfterMs: number | null,
  extra?: Readonly<Record<string, unknown>>,
];

/** Rounds to a tenth of a millisecond, to save bytes. */
function tenths<Ms extends number | null>(ms: Ms): Ms {
  return (ms === null ? null : Math.round(ms * 10) / 10) as Ms;
}
