/** Converts debounce and throttle of an endpoint for the store. */
import type { EndpointPacing } from "../../store/store.ts";
import type { DebounceValues } from "./debounce.ts";
import { type PacedMessage, pacingKey } from "./pacing-key.ts";
import type { ThrottleValues } from "./throttle.ts";

/** Returns what applies to one message at an endpoint. */
export type PacingRule = (endpointId: number, message: PacedMessage) => EndpointPacing;

/** `null` for an endpoint with neither, as nearly all are, so that they cost nothing. */
export function pacingRule(debounce: DebounceValues, throttle: ThrottleValues): PacingRule | null {
  if (debounce.waitSeconds === 0 && throttle.limit === 0) return null;
  return (endpointId, message) => ({
    endpointId,
    debounce: debounce.waitSeconds === 0 ? null : debounceOf(debounce, message),
    throttle: throttle.limit === 0 ? null : throttleOf(throttle, message),
  });
}

function debounceOf(values: DebounceValues, message: PacedMessage): EndpointPacing["debounce"] {
  const waitMs = inMs(values.waitSeconds);
  const maxWaitMs = Math.max(waitMs, inMs(values.maxWaitSeconds));
  return { key: pacingKey(values, message), waitMs, maxWaitMs };
}

function throttleOf(values: ThrottleValues, message: PacedMessage): EndpointPacing["throttle"] {
  const { limit, windowSeconds, maxDelaySeconds } = values;
  const key = pacingKey(values, message);
  return { key, limit, windowMs: inMs(windowSeconds), maxDelayMs: inMs(maxDelaySeconds) };
}

/** Rounds up to whole milliseconds, so that a positive value never becomes 0. */
function inMs(seconds: number): number {
  return Math.ceil(seconds * 1000);
}
