/** The body of a request that publishes a message. */

export interface PublishedBody {
  readonly eventType: string;
  /** JSON as typed. */
  readonly payload: string;
  /** Further fields of the message. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The body of the request. The payload stays as typed: parsing and serialising would change numbers such as 1.0. */
export function bodyOf({ eventType, payload, fields }: PublishedBody): string {
  const others = JSON.stringify(fields).slice(1, -1);
  return `{"eventType":${JSON.stringify(eventType)},"payload":${payload}${others === "" ? "" : `,${others}`}}`;
}
