import type { EgressTimings } from "@posthorn/egress";

/** Timings of a request on a connection that was open, for tests in which they do not matter. */
export const REQUEST_TIMINGS: EgressTimings = {
  queueMs: 0,
  dnsMs: null,
  connectMs: null,
  tlsMs: null,
  waitMs: 1,
  bodyMs: 0,
  totalMs: 1,
  reused: true,
};
