/** Stripe: events of an account, listed for 30 days with their content. The API offers no redelivery. */
import { findItems, findMembers } from "../lib/json-range.ts";
import { type ApiResponse, jsonOf, type ListedPage, member, type ProviderApi, UnexpectedResponse } from "./types.ts";

export interface StripeSettings {
  /** Such as `https://api.stripe.com`. */
  readonly apiUrl: string;
  /** Connected account; `null` for the account of the API key. */
  readonly account: string | null;
  /** Event types to fetch, at most 20. Empty: all. */
  readonly eventTypes: readonly string[];
}

const DAY_MS = 86_400_000;
const HEADERS = [
  "content-type",
  "application/json; charset=utf-8",
  "user-agent",
  "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
];

export function stripeApi({ apiUrl, account, eventTypes }: StripeSettings, key: string): ProviderApi {
  const events = `${apiUrl.replace(/\/$/, "")}/v1/events`;
  const headers = ["authorization", `Bearer ${key}`, ...(account === null ? [] : ["stripe-account", account])];
  return {
    windowMs: 30 * DAY_MS,
    pauseMs: 0,
    list: ({ from, until }, cursor) => {
      const query = new URLSearchParams({
        limit: "100",
        "created[gte]": String(Math.floor(from / 1000)),
        "created[lt]": String(Math.ceil(until / 1000)),
      });
      for (const type of eventTypes) query.append("types[]", type);
      if (cursor !== null) query.set("starting_after", cursor);
      return { method: "GET", url: `${events}?${query}`, headers };
    },
    readPage,
    redeliver: () => null,
    read: (ref) => ({ method: "GET", url: `${events}/${encodeURIComponent(ref)}`, headers }),
    readContent: ({ body }) => ({ headers: HEADERS, body }),
  };
}

/** Takes each event as a byte range of the list, so that its numbers and formatting stay unchanged. */
function readPage(response: ApiResponse): ListedPage {
  const page = jsonOf(response) as { readonly data?: readonly unknown[]; readonly has_more?: boolean } | null;
  const bytes = Array.isArray(page?.data) ? findMembers(response.body, ["data"]).data : undefined;
  if (page === null || bytes === undefined)
    throw new UnexpectedResponse("Stripe's response is not a list of events. Check `apiUrl`.");
  const bodies = findItems(bytes);
  const events = page.data!.flatMap((event, index) => {
    const id = member(event, "id", "string");
    if (id === null) return [];
    const eventType = member(event, "type", "string") ?? "";
    const occurredAt = (member(event, "created", "number") ?? 0) * 1000;
    return [{ ref: id, deliveryId: id, eventType, occurredAt, content: { headers: HEADERS, body: bodies[index]! } }];
  });
  return { events, cursor: page.has_more === true ? (events.at(-1)?.ref ?? null) : null };
}
