/** The attempts that a retry policy allows, with the time of each. */
import { EXPONENTIAL, RETRY_JITTER, RETRY_SCHEDULES } from "../../../posthorn/src/domain/policy/retry-presets.ts";

/** As in the policy of an endpoint. Times are seconds. */
export interface RetryBackoff {
  readonly type: string;
  readonly delays?: readonly number[];
  readonly jitter?: number;
  readonly first?: number;
  readonly factor?: number;
  readonly max?: number;
  readonly attempts?: number;
  readonly preset?: string;
}

export interface RetryStep {
  /** Milliseconds after the attempt before. */
  readonly waitMs: number;
  /** Milliseconds after the first attempt. */
  readonly atMs: number;
}

export interface RetryTimeline {
  /** The retries. The first attempt is not one of them. */
  readonly steps: readonly RetryStep[];
  /** Milliseconds from the first attempt to the last. */
  readonly totalMs: number;
  /** `least`: each wait is this long, or longer by up to `jitter`. `most`: each wait is random, up to this length. */
  readonly bound: "least" | "most";
  readonly jitter: number;
  /** Number of retries that the maximum age cuts off. */
  readonly tooLate: number;
}

/** Maximum number of retries to list. An exponential backoff can have any number. */
const MAX_STEPS = 100;
const SECOND_MS = 1000;

/** @param maxAgeSeconds 0: no limit. */
export function retryTimeline(backoff: RetryBackoff, maxAgeSeconds: number): RetryTimeline {
  const { type, jitter = RETRY_JITTER } = backoff;
  const waits = waitsOf(backoff);
  const all: RetryStep[] = [];
  for (const seconds of waits) {
    const waitMs = seconds * SECOND_MS;
    all.push({ waitMs, atMs: (all.at(-1)?.atMs ?? 0) + waitMs });
  }
  const steps = maxAgeSeconds === 0 ? all : all.filter(({ atMs }) => atMs <= maxAgeSeconds * SECOND_MS);
  const isRandom = type === "exponential";
  return {
    steps,
    totalMs: steps.at(-1)?.atMs ?? 0,
    bound: isRandom ? "most" : "least",
    jitter: isRandom ? 0 : jitter,
    tooLate: all.length - steps.length,
  };
}

function waitsOf({ type, delays = [], first = 0, factor, max, attempts = 1, preset = "none" }: RetryBackoff) {
  if (type === "preset") return presetNames.includes(preset) ? RETRY_SCHEDULES[preset as Preset] : [];
  if (type !== "exponential") return delays;
  const { factor: usual, maxSeconds } = EXPONENTIAL;
  const count = Math.min(MAX_STEPS, Math.max(0, attempts - 1));
  return Array.from({ length: count }, (_, index) => Math.min(max ?? maxSeconds, first * (factor ?? usual) ** index));
}

type Preset = keyof typeof RETRY_SCHEDULES;
const presetNames: readonly string[] = Object.keys(RETRY_SCHEDULES);
