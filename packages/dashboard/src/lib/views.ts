/** Saved views of lists: where they open, and how they relate to the filters of the page. */
import type { LinkProps } from "@tanstack/react-router";
import type { components } from "../api/schema.ts";
import { toAuditFilter } from "./audit-filter.ts";
import { toEndpointFilter } from "./endpoint-filter.ts";
import { toMessageFilter } from "./message-filter.ts";
import {
  applicationsSearch,
  attemptsOfEndpoint,
  capturesSearch,
  eventTypesSearch,
  incidentsSearch,
  keysSearch,
  listenersOfEndpoint,
  liveSearch,
  problemSearch,
  quarantineOfSource,
  rangeSearch,
  replaysSearch,
  type Search,
  sourcesSearch,
  usersSearch,
  watchesSearch,
} from "./page-search.ts";
import { toRequestFilter } from "./request-filter.ts";

export type SavedView = components["schemas"]["SavedViewOut"];
export type ViewList = SavedView["list"];
/** Search parameters of a page. */
export type Filter = Readonly<Record<string, string>>;

interface Place {
  readonly to: NonNullable<LinkProps["to"]>;
  /** Reads the filter of the list from search parameters, and ignores what is invalid. */
  readonly read: (search: Search) => object;
  /** Search parameters that lead to the list, and belong to no view. */
  readonly fixed?: Filter;
  /** For a list that belongs to an object: the names in the path, which views hold as well, and the page to open without them. */
  readonly within?: { readonly names: readonly string[]; readonly otherwise: NonNullable<LinkProps["to"]> };
}

const PLACES: Readonly<Record<ViewList, Place>> = {
  applications: { to: "/applications", read: applicationsSearch },
  attempts: {
    to: "/applications/$app/endpoints/$endpoint",
    read: attemptsOfEndpoint,
    fixed: { tab: "attempts" },
    within: { names: ["app", "endpoint"], otherwise: "/endpoints" },
  },
  audit: { to: "/audit", read: toAuditFilter },
  captures: { to: "/capture", read: capturesSearch },
  endpoints: { to: "/endpoints", read: toEndpointFilter },
  "endpoints-attention": { to: "/endpoints/attention", read: problemSearch },
  "event-types": { to: "/event-types", read: eventTypesSearch },
  incidents: { to: "/incidents", read: incidentsSearch },
  issues: { to: "/issues", read: rangeSearch },
  keys: { to: "/settings", read: keysSearch, fixed: { tab: "keys" } },
  listeners: {
    to: "/applications/$app/endpoints/$endpoint",
    read: listenersOfEndpoint,
    within: { names: ["app", "endpoint"], otherwise: "/endpoints" },
  },
  live: { to: "/live", read: liveSearch },
  messages: { to: "/messages", read: toMessageFilter },
  quarantine: {
    to: "/sources/$source",
    read: quarantineOfSource,
    fixed: { tab: "quarantine" },
    within: { names: ["source"], otherwise: "/sources" },
  },
  replays: { to: "/replays", read: replaysSearch },
  requests: { to: "/settings", read: toRequestFilter, fixed: { tab: "requests" } },
  sources: { to: "/sources", read: sourcesSearch },
  users: { to: "/users", read: usersSearch },
  watches: { to: "/watches", read: watchesSearch },
};

/** Filter of a list as the search parameters that a view holds, in one order. */
export function viewQuery(filter: object): string {
  const entries = Object.entries(filter).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name, String(value)] as const],
  );
  return new URLSearchParams(
    entries.toSorted(([one], [other]) => (one < other ? -1 : 1)).map((entry) => [...entry]),
  ).toString();
}

export interface ReadView {
  /** Filter of the list as the page applies it. */
  readonly filter: Filter;
  /** Parameters that the list does not know, or whose values are no longer valid. */
  readonly ignored: readonly string[];
}

/** Reads the search parameters of a view, which can be older than the list. */
export function readView(list: ViewList, query: string): ReadView {
  const given = Object.fromEntries(new URLSearchParams(query));
  const known = Object.entries(PLACES[list].read(given)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  const filter = Object.fromEntries(known);
  // A default value that the page leaves out of the address is not missing: it still applies.
  const ignored = Object.keys(given).filter((name) => filter[name] !== given[name] && !isDefault(name));
  return { filter, ignored };
}

function isDefault(name: string): boolean {
  return name === "order" || name === "sort";
}

/** Link to a list with the filters of a view. */
export function viewLink(list: ViewList, query: string): LinkProps {
  return linkTo(list, readView(list, query).filter);
}

function linkTo(list: ViewList, filter: Filter): LinkProps {
  const { to, fixed, within } = PLACES[list];
  if (within === undefined) return { to, search: { ...fixed, ...filter } };
  const { names, otherwise } = within;
  if (names.some((name) => filter[name] === undefined)) return { to: otherwise };
  const [params, search] = [true, false].map((isInPath) =>
    Object.fromEntries(Object.entries(filter).filter(([name]) => names.includes(name) === isInPath)),
  );
  return { to, params: params as never, search: { ...fixed, ...search } };
}

/** Filters of a view that the page of the list shows, without the objects that the list belongs to. */
export function filtersOf(list: ViewList, filter: Filter): Filter {
  const names = PLACES[list].within?.names ?? [];
  return Object.fromEntries(Object.entries(filter).filter(([name]) => !names.includes(name)));
}

/** Views of a list that belongs to objects: those that hold the same ones. */
export function viewsWithin(views: readonly SavedView[], list: ViewList, objects: Filter): readonly SavedView[] {
  return views.filter(({ query }) => {
    const { filter } = readView(list, query);
    return Object.entries(objects).every(([name, value]) => filter[name] === value);
  });
}

/** Reads list and search parameters of a view that the search found, such as `messages?state=failed`; `null`: the list is unknown. */
export function readFoundView(detail: string): { readonly list: ViewList; readonly filter: Filter } | null {
  const [list = "", query = ""] = detail.split(/\?(.*)/s);
  return Object.hasOwn(PLACES, list)
    ? { list: list as ViewList, filter: readView(list as ViewList, query).filter }
    : null;
}

/** Link to a view that the search found; `null`: the list is unknown. */
export function linkOfFoundView(detail: string): LinkProps | null {
  const found = readFoundView(detail);
  return found === null ? null : linkTo(found.list, found.filter);
}

/** Whether the view searches for text in payloads. Only people who may read payloads see it when it is shared. */
export function searchesPayloads(list: ViewList, query: string): boolean {
  return list === "messages" && new URLSearchParams(query).has("q");
}

export interface CurrentView {
  readonly view: SavedView;
  /** Whether the filters of the page differ from those of the view, because the reader changed them. */
  readonly isChanged: boolean;
}

/**
 * The view that the page shows: the one with exactly the filters of the page, or else the one that was open before the reader changed them.
 * Without any filter, the page shows a view only if that has none either. Among several with the same filters, it is the opened one, or
 * else one of the reader's own, so that the reader does not change a shared view by accident.
 *
 * @param opened ID of the view that was open last; `null`: none.
 */
export function currentView(
  views: readonly SavedView[],
  list: ViewList,
  filter: object,
  opened: string | null,
): CurrentView | null {
  const shown = viewQuery(filter);
  const fitting = views.filter(({ query }) => viewQuery(readView(list, query).filter) === shown);
  const view = fitting.find(({ id }) => id === opened) ?? fitting.find(({ own }) => own) ?? fitting[0];
  if (view !== undefined) return { view, isChanged: false };
  const before = shown === "" ? undefined : views.find(({ id }) => id === opened);
  return before === undefined ? null : { view: before, isChanged: true };
}
