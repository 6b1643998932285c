/** Describes a view that the search found: its list, and the values of its filters. */
import type { TFunction } from "i18next";
import { filtersOf, readFoundView, type ViewList } from "./views.ts";

const LISTS = {
  applications: "nav.applications",
  attempts: "attempts.title",
  audit: "nav.audit",
  captures: "nav.capture",
  endpoints: "nav.endpoints",
  "endpoints-attention": "attention.title",
  "event-types": "nav.eventTypes",
  incidents: "nav.incidents",
  issues: "issues.title",
  keys: "keys.title",
  listeners: "listeners.title",
  live: "nav.live",
  messages: "nav.messages",
  quarantine: "sources.tabs.quarantine",
  replays: "nav.replays",
  requests: "requestLog.title",
  sources: "nav.sources",
  users: "nav.users",
  watches: "nav.watches",
} as const satisfies Readonly<Record<ViewList, string>>;

/** Where the texts of the values of a filter are. Other values are shown as they are. */
const VALUES: Partial<Record<ViewList, Readonly<Record<string, string>>>> = {
  applications: { health: "endpointList.filters", endpoints: "endpointList.withEndpoints" },
  attempts: { status: "status", response: "attempts.responses" },
  audit: { range: "audit.ranges" },
  endpoints: { state: "endpointList.states", health: "endpointList.filters" },
  issues: { range: "filters.ranges" },
  live: { show: "live.show" },
  messages: { state: "deliveries.states", range: "filters.ranges", direction: "filters.directions" },
  quarantine: { reason: "quarantineReasons" },
  replays: { status: "replays.states" },
  requests: { result: "requestLog.results" },
  sources: { state: "sourceKinds.states" },
  users: { state: "users.states" },
  watches: { state: "watches.states" },
};

/**
 * Such as `Messages · Failed, Last 24 hours`; `null`: the list is unknown.
 *
 * @param detail List and search parameters, such as `messages?state=failed&range=24h`.
 */
export function foundViewText(detail: string, t: TFunction): string | null {
  const found = readFoundView(detail);
  if (found === null) return null;
  const { list, filter } = found;
  const values = Object.entries(filtersOf(list, filter)).map(([name, value]) => {
    const texts = VALUES[list]?.[name];
    return texts === undefined ? value : t(`${texts}.${value}` as never, { defaultValue: value });
  });
  return [t(LISTS[list]), values.join(", ")].filter((part) => part !== "").join(" · ");
}
