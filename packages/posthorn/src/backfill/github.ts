/** GitHub: deliveries of a repository or organisation webhook, kept for three days, and redelivery. */
import { findMembers } from "../lib/json-range.ts";
import {
  type ApiResponse,
  type EventContent,
  jsonOf,
  type ListedEvent,
  member,
  type ProviderApi,
  UnexpectedResponse,
  type Window,
} from "./types.ts";

export interface GitHubSettings {
  /** Such as `https://api.github.com`, or `https://github.example.com/api/v3`. */
  readonly apiUrl: string;
  /** `owner/repository`, or an organisation. */
  readonly owner: string;
  readonly hookId: number;
  /** `redeliver`: GitHub sends the event again, signed and unchanged. `fetch`: read it from the API, for webhooks with another URL. */
  readonly mode: "redeliver" | "fetch";
}

const DAY_MS = 86_400_000;
/** GitHub's secondary rate limit asks for one second between requests that create content. */
const PAUSE_MS = 1000;

export function githubApi({ apiUrl, owner, hookId, mode }: GitHubSettings, token: string): ProviderApi {
  const scope = owner.includes("/") ? "repos" : "orgs";
  const path = owner.split("/").map(encodeURIComponent).join("/");
  const deliveries = `${apiUrl.replace(/\/$/, "")}/${scope}/${path}/hooks/${hookId}/deliveries`;
  const headers = [
    "accept",
    "application/vnd.github+json",
    "authorization",
    `Bearer ${token}`,
    "x-github-api-version",
    "2022-11-28",
  ];
  return {
    windowMs: 3 * DAY_MS,
    pauseMs: PAUSE_MS,
    list: (_window, cursor) => {
      const url = new URL(deliveries);
      url.searchParams.set("per_page", "100");
      if (cursor !== null) url.searchParams.set("cursor", cursor);
      return { method: "GET", url: url.href, headers };
    },
    readPage,
    redeliver: (ref) =>
      mode === "redeliver"
        ? { method: "POST", url: `${deliveries}/${encodeURIComponent(ref)}/attempts`, headers }
        : null,
    read: (ref) => ({ method: "GET", url: `${deliveries}/${encodeURIComponent(ref)}`, headers }),
    readContent,
  };
}

function readPage(
  response: ApiResponse,
  { from, until }: Window,
): { events: readonly ListedEvent[]; cursor: string | null } {
  const listed = jsonOf(response);
  if (!Array.isArray(listed))
    throw new UnexpectedResponse(
      "GitHub's response is not a list of deliveries. Check `apiUrl`, `owner` and `hookId`.",
    );
  const deliveries = listed.map((each) => ({
    ref: member(each, "id", "number"),
    deliveryId: member(each, "guid", "string"),
    occurredAt: Date.parse(member(each, "delivered_at", "string") ?? ""),
    redelivery: member(each, "redelivery", "boolean"),
    event: member(each, "event", "string"),
    action: member(each, "action", "string"),
  }));
  const events = deliveries.flatMap(({ ref, deliveryId, occurredAt, redelivery, event, action }) => {
    // Redeliveries repeat the GUID of an original delivery that is also listed.
    if (ref === null || deliveryId === null || redelivery === true) return [];
    if (!(occurredAt >= from && occurredAt < until)) return [];
    const eventType = action === null ? (event ?? "") : `${event}.${action}`;
    return [{ ref: String(ref), deliveryId, eventType, occurredAt, content: null }];
  });
  // The list is newest first, so everything after an event before `from` is older still.
  const isPast = deliveries.some(({ occurredAt }) => occurredAt < from);
  return { events, cursor: isPast ? null : nextCursor(response) };
}

/** The cursor in `Link: <…?cursor=v1_…>; rel="next"`. */
function nextCursor({ headers }: ApiResponse): string | null {
  const next = /<([^>]+)>;\s*rel="next"/.exec(headers.get("link") ?? "")?.[1];
  return next === undefined || !URL.canParse(next) ? null : new URL(next).searchParams.get("cursor");
}

/** Takes the payload as a byte range of the response, so that its numbers and formatting stay unchanged. */
function readContent(response: ApiResponse): EventContent {
  const delivery = jsonOf(response) as { readonly request?: { readonly headers?: Readonly<Record<string, unknown>> } };
  const { request } = findMembers(response.body, ["request"]);
  const payload = request === undefined ? undefined : findMembers(request, ["payload"]).payload;
  if (payload === undefined) throw new UnexpectedResponse("GitHub's response has no payload for this delivery.");
  const headers = Object.entries(delivery.request?.headers ?? {}).flatMap(([name, value]) =>
    typeof value === "string" && isKept(name.toLowerCase()) ? [name, value] : [],
  );
  return { headers: ["content-type", "application/json", ...headers], body: payload };
}

function isKept(name: string): boolean {
  return name !== "content-type" && name !== "content-length" && !name.startsWith("x-hub-signature");
}
