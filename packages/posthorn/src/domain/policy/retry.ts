/** When a failed delivery is tried again, and when it is not. */
import type { Backoff, RetryPolicy, StatusRange } from "../../dispatch/policy.ts";
import { invalid } from "../../lib/errors.ts";
import { defineSection, type SectionCheck } from "./section.ts";

export interface RetryValues {
  readonly backoff: BackoffValues;
  /** Seconds from the first due time after which nothing is tried again; 0: the backoff decides alone. */
  readonly maxAgeSeconds: number;
  /** Answers that end the retries at once: a code, a class such as `4xx`, a range such as `500-503`. */
  readonly stopCodes: readonly StatusCodes[];
  /** The only answers that are tried again; empty: every failure. */
  readonly retryCodes: readonly StatusCodes[];
}

export type StatusCodes = number | string;

/** One object for all types, of which each uses its own fields. Times are seconds. */
export interface BackoffValues {
  readonly type: "schedule" | "exponential" | "preset";
  readonly delays?: readonly number[];
  /** Part of a delay that chance may add, 0 to 1. */
  readonly jitter?: number;
  readonly first?: number;
  readonly factor?: number;
  readonly max?: number;
  readonly attempts?: number;
  readonly preset?: RetryPreset;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Delays in seconds. */
const PRESETS = {
  /** One attempt and no more. */
  none: [],
  /** For what is of no use later: five attempts within about two minutes. */
  minutes: [1, 5, 20, 60],
  /** For receivers that come back soon: seven attempts within about an hour. */
  hour: [5, 30, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  /** The attempts of the Standard Webhooks recommendation: ten within about three days. */
  days: [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
} as const satisfies Record<string, readonly number[]>;
export type RetryPreset = keyof typeof PRESETS;
export const RETRY_PRESETS = Object.keys(PRESETS) as readonly RetryPreset[];

/** Part of a delay that chance adds when nobody says otherwise. Never taken off: nobody is retried early. */
const JITTER = 0.2;
/** Below this a customer could make a failing endpoint of its own a load on the platform. */
const LEAST_TENANT_DELAY_SECONDS = 1;

export const retry = defineSection<RetryValues>({
  tenant: "ManageEndpoint",
  platform: ({ retrySchedule }) => ({
    backoff: { type: "schedule", delays: retrySchedule.map((ms) => ms / 1000), jitter: JITTER },
    maxAgeSeconds: 0,
    stopCodes: [410],
    retryCodes: [],
  }),
  check: (given, check) => {
    if (given.backoff !== undefined) checkBackoff(given.backoff, check);
    checkCodes(given.stopCodes, "stopCodes", check);
    checkCodes(given.retryCodes, "retryCodes", check);
  },
});

const FIELDS = {
  schedule: { needed: ["delays"], optional: ["jitter"] },
  exponential: { needed: ["first", "attempts"], optional: ["factor", "max"] },
  preset: { needed: ["preset"], optional: ["jitter"] },
} as const satisfies Record<BackoffValues["type"], object>;

function checkBackoff(backoff: BackoffValues, { path, by }: SectionCheck): void {
  const { needed, optional } = FIELDS[backoff.type];
  for (const field of needed) {
    if (backoff[field] !== undefined) continue;
    throw invalid([...path, "backoff", field], `A backoff of type ${backoff.type} needs it.`);
  }
  const known = new Set<string>(["type", ...needed, ...optional]);
  const strange = Object.keys(backoff).find((field) => !known.has(field));
  if (strange !== undefined) {
    throw invalid([...path, "backoff", strange], `A backoff of type ${backoff.type} does not use it.`);
  }
  const shortest = Math.min(...(backoff.delays ?? []), backoff.first ?? Number.POSITIVE_INFINITY);
  if (by === "application" && shortest < LEAST_TENANT_DELAY_SECONDS) {
    const field = backoff.type === "schedule" ? "delays" : "first";
    throw invalid([...path, "backoff", field], "A retry may follow after one second at the earliest.");
  }
}

function checkCodes(codes: readonly StatusCodes[] | undefined, field: string, { path }: SectionCheck): void {
  for (const [index, code] of (codes ?? []).entries()) {
    if (rangeOf(code) !== null) continue;
    throw invalid(
      [...path, field, `[${index}]`],
      `"${code}" is no code such as 410, class such as 4xx, or range such as 500-503.`,
    );
  }
}

/** The range of one entry, or `null` when it is none. */
export function rangeOf(codes: StatusCodes): StatusRange | null {
  const match = /^([1-5])(?:(\d\d)(?:-([1-5]\d\d))?|xx)$/i.exec(String(codes));
  if (match === null) return null;
  const [, hundreds, rest, end] = match;
  const first = Number(hundreds) * 100 + Number(rest ?? 0);
  const last = rest === undefined ? first + 99 : Number(end ?? first);
  return last < first ? null : [first, last];
}

export function rangesOf(codes: readonly StatusCodes[]): readonly StatusRange[] {
  return codes.map(rangeOf).filter((range) => range !== null);
}

/** In the form of the dispatcher. */
export function retryPolicy(values: RetryValues): RetryPolicy {
  return {
    backoff: backoffPolicy(values.backoff),
    maxAgeMs: values.maxAgeSeconds === 0 ? null : values.maxAgeSeconds * 1000,
    stopCodes: rangesOf(values.stopCodes),
    retryCodes: values.retryCodes.length === 0 ? null : rangesOf(values.retryCodes),
  };
}

const EXPONENTIAL = { factor: 2, maxSeconds: 12 * HOUR } as const;

function backoffPolicy(backoff: BackoffValues): Backoff {
  if (backoff.type === "exponential") {
    return {
      kind: "exponential",
      firstMs: toMs(backoff.first ?? 0),
      factor: backoff.factor ?? EXPONENTIAL.factor,
      maxMs: toMs(backoff.max ?? EXPONENTIAL.maxSeconds),
      attempts: backoff.attempts ?? 1,
    };
  }
  const delays = backoff.type === "preset" ? PRESETS[backoff.preset ?? "none"] : (backoff.delays ?? []);
  return { kind: "schedule", delaysMs: delays.map(toMs), jitter: backoff.jitter ?? JITTER };
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}
