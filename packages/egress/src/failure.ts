import { EgressConfigError, EgressError } from "./errors.ts";
import type { EgressFailure, EgressTimings } from "./types.ts";

const NO_TIME: EgressTimings = {
  queueMs: 0,
  dnsMs: null,
  connectMs: null,
  tlsMs: null,
  waitMs: null,
  bodyMs: null,
  totalMs: 0,
  reused: false,
};

/** Converts any thrown value to an error with a code. An unusable setting of a request becomes `bad_request`. */
export function toEgressError(error: unknown): EgressError {
  if (error instanceof EgressError) return error;
  if (error instanceof EgressConfigError) return new EgressError("bad_request", error.message, { cause: error });
  return new EgressError("internal", String(error), { cause: error });
}

/** Result of a request that failed before it started. */
export function failedEarly(error: unknown): EgressFailure {
  const { code, fault, message, detail } = toEgressError(error);
  return { kind: "error", code, fault, message, detail, timings: NO_TIME, peer: null };
}
