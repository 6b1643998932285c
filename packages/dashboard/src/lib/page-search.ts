/** Search parameters of pages: filters, orders and tabs. Invalid values are ignored, because people edit and share addresses. */
import { ENDPOINT_HEALTHS, type EndpointHealth } from "./endpoint-filter.ts";
import { isProblem, type EndpointProblem } from "./endpoint-problems.ts";
import { isReference, type Range, RANGES, toMessageFilter } from "./message-filter.ts";
import { type RequestFilter, toRequestFilter } from "./request-filter.ts";
import { READ_STATES } from "./source-kind.ts";
import { TIME_WINDOWS, type TimeWindow } from "./time-window.ts";
import { WATCH_PHASES, WATCH_STATES, type WatchPhase, type WatchState } from "./watch.ts";

export type Search = Readonly<Record<string, unknown>>;

/** Text of a search box. Numbers are parsed by the router. */
function textSearch(search: unknown): { readonly search?: string } {
  const isText = (typeof search === "string" && search !== "") || typeof search === "number";
  return isText ? { search: String(search) } : {};
}

function oneOf<const Value extends string>(values: readonly Value[], given: unknown): Value | undefined {
  return values.find((value) => value === given);
}

export const REPLAY_STATES = ["running", "paused", "finished", "failed", "canceled"] as const;

interface ReplaysSearch extends OrderedSearch {
  readonly app?: string;
  readonly status?: (typeof REPLAY_STATES)[number];
}

export function replaysSearch({ app, status, order }: Search): ReplaysSearch {
  const known = oneOf(REPLAY_STATES, status);
  return {
    ...(typeof app === "string" ? { app } : {}),
    ...(known === undefined ? {} : { status: known }),
    ...orderedSearch({ order }, "descending"),
  };
}

interface UsersSearch extends OrderedSearch {
  readonly state?: "active" | "disabled";
}

export function usersSearch(search: Search): UsersSearch {
  const known = oneOf(["active", "disabled"], search["state"]);
  return { ...orderedSearch(search, "ascending"), ...(known === undefined ? {} : { state: known }) };
}

export function keysSearch(search: Search): OrderedSearch {
  return orderedSearch(search, "ascending");
}

export function capturesSearch({ search }: Search): { readonly search?: string } {
  return textSearch(search);
}

interface SourcesSearch {
  readonly kind?: string;
  readonly state?: (typeof READ_STATES)[number];
  readonly search?: string;
  /** Absent: newest first. */
  readonly order?: "ascending";
}

export function sourcesSearch({ kind, state, search, order }: Search): SourcesSearch {
  const known = oneOf(READ_STATES, state);
  return {
    ...(typeof kind === "string" ? { kind } : {}),
    ...(known === undefined ? {} : { state: known }),
    ...textSearch(search),
    ...(order === "ascending" ? { order } : {}),
  };
}

type Order = "ascending" | "descending";

interface OrderedSearch {
  readonly search?: string;
  readonly order?: Order;
}

/** Search and order of a list. The default order is not in the address. */
function orderedSearch({ search, order }: Search, defaultOrder: Order): OrderedSearch {
  const known = oneOf(["ascending", "descending"], order);
  return { ...textSearch(search), ...(known === undefined || known === defaultOrder ? {} : { order: known }) };
}

interface ApplicationsSearch extends OrderedSearch {
  readonly health?: EndpointHealth;
  /** Whether applications without endpoints are left out. */
  readonly endpoints?: "some";
  /** Absent: by time of creation. */
  readonly sort?: "name";
}

/** By default, the newest first, or names from A to Z. */
export function applicationsSearch(search: Search): ApplicationsSearch {
  const health = oneOf(ENDPOINT_HEALTHS, search["health"]);
  const filters = {
    ...(health === undefined ? {} : { health }),
    ...(search["endpoints"] === "some" ? { endpoints: "some" as const } : {}),
  };
  if (search["sort"] === "name") return { ...filters, ...orderedSearch(search, "ascending"), sort: "name" };
  return { ...filters, ...orderedSearch(search, "descending") };
}

interface EventTypesSearch extends OrderedSearch {
  readonly state?: "active";
}

export function eventTypesSearch(search: Search): EventTypesSearch {
  return { ...orderedSearch(search, "ascending"), ...(search["state"] === "active" ? { state: "active" } : {}) };
}

interface WatchesSearch extends OrderedSearch {
  readonly app?: string;
  readonly state?: WatchState;
}

export function watchesSearch({ app, state, search, order }: Search): WatchesSearch {
  const known = oneOf(WATCH_STATES, state);
  return {
    ...(typeof app === "string" ? { app } : {}),
    ...(known === undefined ? {} : { state: known }),
    ...orderedSearch({ search, order }, "descending"),
  };
}

interface IncidentsSearch extends OrderedSearch {
  readonly show?: "muted" | "resolved";
}

export function incidentsSearch({ show, search, order }: Search): IncidentsSearch {
  const known = oneOf(["muted", "resolved"], show);
  return { ...(known === undefined ? {} : { show: known }), ...orderedSearch({ search, order }, "descending") };
}

export function problemSearch({ problem }: Search): { readonly problem?: EndpointProblem } {
  return isProblem(problem) ? { problem } : {};
}

export function rangeSearch(search: Search): { readonly range?: Range } {
  const range = oneOf(Object.keys(RANGES) as Range[], search["range"]);
  return range === undefined ? {} : { range };
}

export const LIVE_ROWS = ["messages", "attempts", "failures"] as const;

interface LiveSearch {
  /** Absent: all rows. */
  readonly show?: (typeof LIVE_ROWS)[number];
  readonly search?: string;
}

export function liveSearch({ show, search }: Search): LiveSearch {
  const known = oneOf(LIVE_ROWS, show);
  return { ...(known === undefined ? {} : { show: known }), ...textSearch(search) };
}

/** IDs or external IDs of the objects that a list belongs to. */
function referencesIn<const Name extends string>(
  search: Search,
  names: readonly Name[],
): { readonly [One in Name]?: string } {
  const given = names.flatMap((name) => {
    const value = search[name];
    return typeof value === "string" && isReference(value) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(given) as { readonly [One in Name]?: string };
}

export interface QuarantineSearch {
  /** Code of a reason. The server may send codes for which this dashboard has no name. */
  readonly reason?: string;
}

export function quarantineSearch({ reason }: Search): QuarantineSearch {
  return typeof reason === "string" && /^[a-z_]{1,64}$/.test(reason) ? { reason } : {};
}

/** The quarantine of a source, with its filter. */
export function quarantineOfSource(search: Search): QuarantineSearch & { readonly source?: string } {
  return { ...referencesIn(search, ["source"]), ...quarantineSearch(search) };
}

export const ATTEMPT_RESULTS = ["success", "fail"] as const;
export const ATTEMPT_RESPONSES = ["2xx", "3xx", "4xx", "5xx", "none"] as const;

export interface AttemptsSearch {
  readonly status?: (typeof ATTEMPT_RESULTS)[number];
  /** Class of the HTTP status, or that there was no response. */
  readonly response?: (typeof ATTEMPT_RESPONSES)[number];
}

export function attemptsSearch({ status, response }: Search): AttemptsSearch {
  const [result, kind] = [oneOf(ATTEMPT_RESULTS, status), oneOf(ATTEMPT_RESPONSES, response)];
  return { ...(result === undefined ? {} : { status: result }), ...(kind === undefined ? {} : { response: kind }) };
}

interface EndpointPlace {
  readonly app?: string;
  readonly endpoint?: string;
}

/** The attempts of an endpoint, with their filter. */
export function attemptsOfEndpoint(search: Search): AttemptsSearch & EndpointPlace {
  return { ...referencesIn(search, ["app", "endpoint"]), ...attemptsSearch(search) };
}

/** The listeners of an endpoint, with their filter. */
export function listenersOfEndpoint(search: Search): EndpointPlace & { readonly search?: string } {
  return { ...referencesIn(search, ["app", "endpoint"]), ...textSearch(search["search"]) };
}

/** Filters of the lists on the page of an endpoint. */
export function endpointSearch(search: Search): AttemptsSearch & { readonly search?: string } {
  return { ...attemptsSearch(search), ...textSearch(search["search"]) };
}

interface SubscriptionsSearch {
  readonly subscription?: string;
  readonly hook?: string;
}

/** Texts to search for in the subscriptions of an application. */
export function subscriptionsSearch({ subscription, hook }: Search): SubscriptionsSearch {
  const [one, other] = [textSearch(subscription).search, textSearch(hook).search];
  return { ...(one === undefined ? {} : { subscription: one }), ...(other === undefined ? {} : { hook: other }) };
}

function tabSearch(search: Search): { readonly tab?: string } {
  return typeof search["tab"] === "string" ? { tab: search["tab"] } : {};
}

interface SourceSearch extends QuarantineSearch {
  readonly tab?: string;
  /** ID of the endpoint of the selected route. */
  readonly route?: string;
  /** Name of the selected event type. */
  readonly type?: string;
  /** Time window of the funnel. */
  readonly window?: TimeWindow;
}

export function sourceSearch(search: Search): SourceSearch {
  const { route, type } = search;
  return {
    ...tabSearch(search),
    ...windowSearch(search),
    ...quarantineSearch(search),
    ...(typeof route === "string" ? { route } : {}),
    ...(typeof type === "string" || typeof type === "number" ? { type: String(type) } : {}),
  };
}

/** Tab and filters of the page of an application. */
export function applicationSearch(search: Search) {
  return { ...toMessageFilter(search), ...subscriptionsSearch(search), ...tabSearch(search) };
}

export function endpointPageSearch(search: Search) {
  return { ...endpointSearch(search), ...tabSearch(search) };
}

interface WatchSearch {
  readonly tab?: string;
  readonly phase?: WatchPhase;
  /** The selected key. */
  readonly key?: string;
}

export function watchSearch(search: Search): WatchSearch {
  const { key } = search;
  const phase = oneOf(WATCH_PHASES, search["phase"]);
  return {
    ...tabSearch(search),
    ...(phase === undefined ? {} : { phase }),
    ...(typeof key === "string" || typeof key === "number" ? { key: String(key) } : {}),
  };
}

export function incidentSearch({ incident }: Search): { readonly incident?: string } {
  return typeof incident === "string" ? { incident } : {};
}

export function settingsSearch(
  search: Search,
): RequestFilter & Pick<OrderedSearch, "order"> & { readonly tab?: string } {
  const { order } = keysSearch(search);
  return { ...tabSearch(search), ...toRequestFilter(search), ...(order === undefined ? {} : { order }) };
}

export function windowSearch(search: Search): { readonly window?: TimeWindow } {
  const window = oneOf(TIME_WINDOWS, search["window"]);
  return window === undefined ? {} : { window };
}

export function replaySearch({ app, endpoint }: Search): { readonly app?: string; readonly endpoint?: string } {
  return {
    ...(typeof app === "string" ? { app } : {}),
    ...(typeof endpoint === "string" ? { endpoint } : {}),
  };
}
