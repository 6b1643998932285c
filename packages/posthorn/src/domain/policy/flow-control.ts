/** Converts debounce and throttle of an endpoint for the store. */
import type { EndpointFlowControl } from "../../store/store.ts";
import type { DebounceValues } from "./debounce.ts";
import { type KeyedMessage, flowKey } from "./flow-key.ts";
import type { ThrottleValues } from "./throttle.ts";

/** Returns the debounce and throttle that apply to one message at an endpoint. */
export type FlowControlRule = (endpointId: number, message: KeyedMessage) => EndpointFlowControl;

/** `null` for endpoints with neither, which are almost all of them, so that these cost nothing. */
export function flowControlRule(debounce: DebounceValues, throttle: ThrottleValues): FlowControlRule | null {
  if (debounce.waitSeconds === 0 && throttle.limit === 0) return null;
  return (endpointId, message) => ({
    endpointId,
    debounce: debounce.waitSeconds === 0 ? null : debounceOf(debounce, message),
    throttle: throttle.limit === 0 ? null : throttleOf(throttle, message),
  });
}

function debounceOf(values: DebounceValues, message: KeyedMessage): EndpointFlowControl["debounce"] {
  const waitMs = inMs(values.waitSeconds);
  const maxWaitMs = Math.max(waitMs, inMs(values.maxWaitSeconds));
  return { key: flowKey(values, message), waitMs, maxWaitMs };
}

function throttleOf(values: ThrottleValues, message: KeyedMessage): EndpointFlowControl["throttle"] {
  const { limit, windowSeconds, maxDelaySeconds } = values;
  const key = flowKey(values, message);
  return { key, limit, windowMs: inMs(windowSeconds), maxDelayMs: inMs(maxDelaySeconds) };
}

/** Rounds up to whole milliseconds, so that a positive value never becomes 0. */
function inMs(seconds: number): number {
  return Math.ceil(seconds * 1000);
}
