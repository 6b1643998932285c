/** Manual decisions about the queued deliveries of an endpoint, stored with it. */

export interface Flow {
  /** Nothing is sent until then, Unix milliseconds; `null`: it is not paused. */
  readonly pausedUntil: number | null;
  /** Scheduled deliveries of messages up to this key are given up; `null`: none. */
  readonly discardUpTo: number | null;
  /** What waits goes out with the newest first. */
  readonly newestFirst: boolean;
}

export const NO_FLOW: Flow = { pausedUntil: null, discardUpTo: null, newestFirst: false };

/** A pause without an end: the last time that a date can have. */
export const FOR_EVER = 8_640_000_000_000_000;

/** The value of `flow_json`. */
export function flowJson(flow: Flow): string | null {
  const { pausedUntil, discardUpTo, newestFirst } = flow;
  return pausedUntil === null && discardUpTo === null && !newestFirst ? null : JSON.stringify(flow);
}

export function toFlow(json: string | null): Flow {
  return json === null ? NO_FLOW : { ...NO_FLOW, ...(JSON.parse(json) as Partial<Flow>) };
}
