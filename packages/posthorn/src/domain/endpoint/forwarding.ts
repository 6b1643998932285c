/** How requests that came in are passed on to an endpoint, beside their body and headers. */

export interface Forwarding {
  /** Uses the method of the request in place of POST. */
  readonly method: boolean;
  /** Adds what followed the token in the path to the path of the endpoint. */
  readonly path: boolean;
  /** Adds the query of the request to that of the endpoint. */
  readonly query: boolean;
}

const PLAIN: Forwarding = { method: false, path: false, query: false };

export function toForwarding(json: string | null): Forwarding {
  return json === null ? PLAIN : { ...PLAIN, ...(JSON.parse(json) as Partial<Forwarding>) };
}
