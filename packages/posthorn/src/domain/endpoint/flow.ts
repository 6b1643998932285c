/** Manual decisions about the queued deliveries of an endpoint, stored with it. */

export interface Flow {
  /** End of the pause in Unix milliseconds; `null` if the endpoint is not paused. */
  readonly pausedUntil: number | null;
  /** Scheduled deliveries of messages up to this key are canceled; `null` if none are. */
  readonly discardUpTo: number | null;
  /** Whether queued deliveries are sent newest first. */
  readonly newestFirst: boolean;
}

export const NO_FLOW: Flow = { pausedUntil: null, discardUpTo: null, newestFirst: false };

/** End of an unlimited pause: the latest time of a `Date`. */
export const UNLIMITED_PAUSE = 8_640_000_000_000_000;

/** Value of `flow_json`. */
export function flowJson(flow: Flow): string | null {
  const { pausedUntil, discardUpTo, newestFirst } = flow;
  return pausedUntil === null && discardUpTo === null && !newestFirst ? null : JSON.stringify(flow);
}

export function toFlow(json: string | null): Flow {
  return json === null ? NO_FLOW : { ...NO_FLOW, ...(JSON.parse(json) as Partial<Flow>) };
}
