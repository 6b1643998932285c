/** Retry policy: when a failed delivery is retried, and when it is not. */
import type { Backoff, RetryPolicy, StatusRange } from "../../dispatch/policy.ts";
import { invalid } from "../../lib/errors.ts";
import { EXPONENTIAL, RETRY_JITTER, RETRY_SCHEDULES } from "./retry-presets.ts";
import { defineSection, type SectionCheck } from "./section.ts";

export interface RetryValues {
  readonly backoff: BackoffValues;
  /** Age in seconds, from the first due time, after which a delivery is not retried; 0: only the backoff decides. */
  readonly maxAgeSeconds: number;
  /** Response codes that end the retries at once: a code, a class such as `4xx`, or a range such as `500-503`. */
  readonly stopCodes: readonly StatusCodes[];
  /** The only response codes that are retried; empty: every failure. */
  readonly retryCodes: readonly StatusCodes[];
}

export type StatusCodes = number | string;

/** One object for all types; each type uses its own fields. Times are seconds. */
export interface BackoffValues {
  readonly type: "schedule" | "exponential" | "preset";
  readonly delays?: readonly number[];
  /** Share of a delay that is added at random, 0 to 1. */
  readonly jitter?: number;
  readonly first?: number;
  readonly factor?: number;
  readonly max?: number;
  readonly attempts?: number;
  readonly preset?: RetryPreset;
}

export type RetryPreset = keyof typeof RETRY_SCHEDULES;
export const RETRY_PRESETS = Object.keys(RETRY_SCHEDULES) as readonly RetryPreset[];

/** With shorter delays, a customer could put load on the platform with its own failing endpoint. */
const MIN_TENANT_DELAY_SECONDS = 1;

export const retry = defineSection<RetryValues>({
  tenant: "ManageEndpoint",
  platform: ({ retrySchedule }) => ({
    backoff: { type: "schedule", delays: retrySchedule.map((ms) => ms / 1000), jitter: RETRY_JITTER },
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
    throw invalid([...path, "backoff", field], `Required for a backoff of type ${backoff.type}.`);
  }
  const known = new Set<string>(["type", ...needed, ...optional]);
  const strange = Object.keys(backoff).find((field) => !known.has(field));
  if (strange !== undefined) {
    throw invalid([...path, "backoff", strange], `Not used by a backoff of type ${backoff.type}. Remove it.`);
  }
  const shortest = Math.min(...(backoff.delays ?? []), backoff.first ?? Number.POSITIVE_INFINITY);
  if (by === "application" && shortest < MIN_TENANT_DELAY_SECONDS) {
    const field = backoff.type === "schedule" ? "delays" : "first";
    throw invalid([...path, "backoff", field], "The shortest delay before a retry is 1 second.");
  }
}

function checkCodes(codes: readonly StatusCodes[] | undefined, field: string, { path }: SectionCheck): void {
  for (const [index, code] of (codes ?? []).entries()) {
    if (rangeOf(code) !== null) continue;
    throw invalid(
      [...path, field, `[${index}]`],
      `"${code}" is not a code such as 410, a class such as 4xx, or a range such as 500-503.`,
    );
  }
}

/** The range of one entry; `null`: the entry is not valid. */
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

/** Converts the values for the dispatcher. */
export function retryPolicy(values: RetryValues): RetryPolicy {
  return {
    backoff: backoffPolicy(values.backoff),
    maxAgeMs: values.maxAgeSeconds === 0 ? null : values.maxAgeSeconds * 1000,
    stopCodes: rangesOf(values.stopCodes),
    retryCodes: values.retryCodes.length === 0 ? null : rangesOf(values.retryCodes),
  };
}

function backoffPolicy(backoff: BackoffValues): Backoff {
  switch (backoff.type) {
    case "exponential":
      return {
        kind: "exponential",
        firstMs: toMs(backoff.first ?? 0),
        factor: backoff.factor ?? EXPONENTIAL.factor,
        maxMs: toMs(backoff.max ?? EXPONENTIAL.maxSeconds),
        attempts: backoff.attempts ?? 1,
      };
    case "preset":
      return schedule(RETRY_SCHEDULES[backoff.preset ?? "none"], backoff);
    case "schedule":
      return schedule(backoff.delays ?? [], backoff);
  }
}

function schedule(delays: readonly number[], { jitter = RETRY_JITTER }: BackoffValues): Backoff {
  return { kind: "schedule", delaysMs: delays.map(toMs), jitter };
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}
