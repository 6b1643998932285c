/** Filters of the list of all endpoints, as search parameters of the page. */

export const ENDPOINT_STATES = ["enabled", "paused", "disabled"] as const;
export const ENDPOINT_HEALTHS = ["failing", "healthy"] as const;
export type EndpointHealth = (typeof ENDPOINT_HEALTHS)[number];
export const ENDPOINT_SORTS = ["newest", "oldest", "url", "urlDown"] as const;
type Sort = (typeof ENDPOINT_SORTS)[number];

export interface EndpointFilter {
  readonly search?: string;
  readonly host?: string;
  readonly kind?: string;
  readonly state?: (typeof ENDPOINT_STATES)[number];
  readonly health?: EndpointHealth;
  /** Absent: newest first. */
  readonly sort?: Exclude<Sort, "newest">;
}

const HOST = /^[\w.:[\]-]{1,260}$/;

/** Ignores invalid values. */
export function toEndpointFilter(given: Readonly<Record<string, unknown>>): EndpointFilter {
  // The router parses numbers.
  const text = (name: string): string => (["string", "number"].includes(typeof given[name]) ? String(given[name]) : "");
  const [search, host, kind] = [text("search").slice(0, 256), text("host"), text("kind")];
  const state = ENDPOINT_STATES.find((one) => one === given["state"]);
  const health = ENDPOINT_HEALTHS.find((one) => one === given["health"]);
  const sort = ENDPOINT_SORTS.find((one) => one === given["sort"]);
  return {
    ...(search === "" ? {} : { search }),
    ...(HOST.test(host) ? { host } : {}),
    ...(kind === "" ? {} : { kind }),
    ...(state === undefined ? {} : { state }),
    ...(health === undefined ? {} : { health }),
    ...(sort === undefined || sort === "newest" ? {} : { sort }),
  };
}

/** The filter as parameters of the API. */
export function endpointQuery({ sort, ...filter }: EndpointFilter) {
  const isByUrl = sort === "url" || sort === "urlDown";
  const isReverse = sort === "oldest" || sort === "urlDown";
  return { ...filter, ...(isByUrl ? { sort: "url" as const } : {}), ...(isReverse ? { reverse: true } : {}) };
}
