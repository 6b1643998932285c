/**
 * W3C trace context (https://www.w3.org/TR/trace-context/) in the form that is stored with a message: `traceparent`, followed by a space and
 * `tracestate` if there is one.
 */

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** Empty: none. */
  readonly state: string;
}

/** Length of the stored `traceparent`. */
const PARENT_LENGTH = 55;
/** Vendors should propagate at least 512 characters of `tracestate`. Longer ones are dropped as a whole, because a cut member is invalid. */
const MAX_STATE = 512;

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Printable ASCII with at least one `key=value`. */
const STATE = /^[\x21-\x7e][\x20-\x7e]*=[\x20-\x7e]*$/;

/** Reads the headers `traceparent` and `tracestate`. Returns `null` if there is no valid context, which must then be ignored. */
export function readTraceContext(headers: Readonly<Record<string, string | string[] | undefined>>): string | null {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== "string") return null;
  return traceContextFrom(traceparent, Array.isArray(tracestate) ? tracestate.join(",") : tracestate);
}

/** Returns `null` if `traceparent` is invalid. An invalid `tracestate` is dropped. */
export function traceContextFrom(traceparent: string, tracestate: string | undefined): string | null {
  const [, version, traceId, spanId, flags, rest] = PARENT.exec(traceparent.trim()) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return null;
  if (/^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return null;
  const state = tracestate?.trim() ?? "";
  const isValid = state.length <= MAX_STATE && STATE.test(state);
  return formatTraceContext({
    traceId: traceId!,
    spanId: spanId!,
    sampled: isSampled(flags!),
    state: isValid ? state : "",
  });
}

/** The parts of a stored context. */
export function parseTraceContext(stored: string): TraceContext {
  return {
    traceId: stored.slice(3, 35),
    spanId: stored.slice(36, 52),
    sampled: isSampled(stored.slice(53, PARENT_LENGTH)),
    state: stored.slice(PARENT_LENGTH + 1),
  };
}

export function formatTraceContext({ traceId, spanId, sampled, state }: TraceContext): string {
  const parent = `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
  return state === "" ? parent : `${parent} ${state}`;
}

/** Names of the headers of a context. */
export const TRACE_NAMES: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

/** Names and values of the headers of a stored context, in turn. */
export function traceHeaders(stored: string): readonly string[] {
  const parent = stored.slice(0, PARENT_LENGTH);
  const state = stored.slice(PARENT_LENGTH + 1);
  return state === "" ? ["traceparent", parent] : ["traceparent", parent, "tracestate", state];
}

function isSampled(flags: string): boolean {
  return (Number.parseInt(flags, 16) & 1) === 1;
}
