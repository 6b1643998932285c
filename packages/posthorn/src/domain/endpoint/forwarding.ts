/** Which parts of an inbound request are forwarded to an endpoint besides body and headers. */

export interface Forwarding {
  /** Uses the method of the request instead of POST. */
  readonly method: boolean;
  /** Appends the path after the token to the path of the endpoint. */
  readonly path: boolean;
  /** Appends the query of the request to that of the endpoint. */
  readonly query: boolean;
}

const PLAIN: Forwarding = { method: false, path: false, query: false };

export function toForwarding(json: string | null): Forwarding {
  return json === null ? PLAIN : { ...PLAIN, ...(JSON.parse(json) as Partial<Forwarding>) };
}
