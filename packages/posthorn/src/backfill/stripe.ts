/** Stripe: the events of an account, listed for thirty days with everything in them. It has no redelivery by the API. */
import { findItems, findMembers } from "../lib/json-range.ts";
import { type ApiAnswer, jsonOf, type ListedPage, member, type ProviderApi, UnreadableAnswer } from "./types.ts";

export interface StripeSettings {
  /** Such as `https://api.stripe.com`. */
  readonly apiUrl: string;
  /** The connected account whose events these are; `null`: the account of the key. */
  readonly account: string | null;
  /** Only these, at most 20; empty: all. */
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

/** Each event is cut out of the list, not printed anew: its numbers stay what they are. */
function readPage(answer: ApiAnswer): ListedPage {
  const page = jsonOf(answer) as { readonly data?: readonly unknown[]; readonly has_more?: boolean } | null;
  const bytes = Array.isArray(page?.data) ? findMembers(answer.body, ["data"]).data : undefined;
  if (page === null || bytes === undefined) throw new UnreadableAnswer("Stripe did not answer with a list of events.");
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
