/** Sources of the fields that choose applications, sources, endpoints and event types by name. */
import { api, ApiError, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import {
  matching,
  MAX_SHOWN,
  type Next,
  type Option,
  type OptionPage,
  type OptionSource,
} from "../components/options.ts";
import { type FoundObject, searchPages } from "./palette.ts";
import { exampleTypes } from "./send-example.ts";
import { isSource } from "./source.ts";

/** Objects per page of the lists that the page itself filters. */
const PAGE = 250;
/** IDs and external IDs. */
const ID = /^[\w.-]{1,256}$/;

const isId = (text: string): boolean => ID.test(text);
const isAny = (text: string): boolean => text !== "";

interface Named {
  readonly id: string;
  readonly uid?: string | null;
  readonly name: string;
}

function option({ id, uid = null, name }: Named): Option {
  return { value: id, label: name === "" ? id : name, uid, detail: uid ?? id };
}

/** Objects that the search of the server finds. */
function search(query: string, kinds: FoundObject["kind"][], signal: AbortSignal): Promise<readonly FoundObject[]> {
  return searchPages((iterator, limit) => {
    const page = { q: query, kinds, limit, ...(iterator === null ? {} : { iterator }) };
    return must(api.GET("/api/v1/search", { params: { query: page }, signal }));
  }, MAX_SHOWN);
}

/** `null` instead of an object that does not exist, or that the reader may not see. */
async function unlessMissing(found: Promise<Option>): Promise<Option | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof ApiError && [403, 404, 422].includes(error.status)) return null;
    throw error;
  }
}

const newestApplications = (signal: AbortSignal): Promise<readonly Option[]> =>
  must(api.GET("/api/v1/app", { params: { query: { limit: MAX_SHOWN, order: "descending" } }, signal })).then(
    ({ data }) => data.map(option),
  );

const newestSources = (signal: AbortSignal): Promise<readonly Option[]> =>
  must(api.GET("/ingest/api/v1/source", { params: { query: { limit: MAX_SHOWN } }, signal })).then(({ data }) =>
    data.map(option),
  );

const application = (id: string): Promise<Option> =>
  must(api.GET("/api/v1/app/{app_id}", { params: { path: { app_id: id } } })).then(option);

const source = (id: string): Promise<Option> =>
  must(api.GET("/ingest/api/v1/source/{source_id}", { params: { path: { source_id: id } } })).then(option);

export const APPLICATIONS: OptionSource = {
  key: ["applications"],
  find: (query, signal) =>
    query === ""
      ? newestApplications(signal)
      : search(query, ["application"], signal).then((found) => found.map(option)),
  resolve: (value) => unlessMissing(application(value)),
  accepts: isId,
};

/** Applications and sources. */
export const PLACES: OptionSource = {
  key: ["places"],
  find: async (query, signal) => {
    if (query !== "") return (await search(query, ["application", "source"], signal)).map(option);
    const [applications, sources] = await Promise.all([newestApplications(signal), newestSources(signal)]);
    return [...applications, ...sources].slice(0, MAX_SHOWN);
  },
  resolve: async (value) => {
    const first = isSource(value) ? source : application;
    const other = isSource(value) ? application : source;
    return (await unlessMissing(first(value))) ?? unlessMissing(other(value));
  },
  accepts: isId,
};

type Endpoint = components["schemas"]["EndpointOut"];

function endpointOption({ id, uid, url, description }: Endpoint): Option {
  return {
    value: id,
    label: description === "" ? url : description,
    uid: uid ?? null,
    detail: `${url} · ${uid ?? id}`,
  };
}

/**
 * Endpoints of one application or source.
 *
 * @param kind Only endpoints of this kind; absent: all.
 */
export function endpointsOf(app: string, kind?: string): OptionSource {
  return {
    key: ["endpoints", app, kind ?? "all"],
    find: (query, signal) =>
      matching(query, (iterator) =>
        must(
          api.GET("/api/v1/app/{app_id}/endpoint", {
            params: { path: { app_id: app }, query: { limit: PAGE, ...iterator } },
            signal,
          }),
        ).then(({ data, ...page }) => {
          const own = data.filter((one) => kind === undefined || one.kind === kind);
          return { ...page, data: own.map(endpointOption) };
        }),
      ),
    resolve: (value) =>
      unlessMissing(
        must(
          api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}", {
            params: { path: { app_id: app, endpoint_id: value } },
          }),
        ).then(endpointOption),
      ),
    accepts: isId,
  };
}

/** Event types that are registered, or that a source has received. Others can be typed. */
export function eventTypesOf(app: string | undefined): OptionSource {
  const isReceived = app !== undefined && isSource(app);
  return {
    key: ["event-types", isReceived ? app : "registered"],
    find: (query, signal) =>
      matching(query, (iterator) => (isReceived ? received(app, iterator, signal) : registered(iterator, signal))),
    resolve: (value) => Promise.resolve({ value, label: value }),
    accepts: isAny,
    isOpen: true,
  };
}

const received = (app: string, iterator: Next, signal: AbortSignal): Promise<OptionPage> =>
  must(
    api.GET("/ingest/api/v1/source/{source_id}/catalogue", {
      params: { path: { source_id: app }, query: { limit: PAGE, ...iterator } },
      signal,
    }),
  ).then(({ data, ...page }) => ({
    ...page,
    data: data.map(({ eventType }) => ({ value: eventType, label: eventType })),
  }));

const registered = (iterator: Next, signal: AbortSignal): Promise<OptionPage> =>
  must(api.GET("/api/v1/event-type", { params: { query: { limit: PAGE, ...iterator } }, signal })).then(
    ({ data, ...page }) => ({
      ...page,
      data: data.map(({ name, description }) => ({ value: name, label: name, detail: description })),
    }),
  );

/** Number of recent messages that are searched for unregistered event types. */
const RECENT = 50;

/** Event types with an example: recently published ones, registered ones, and the built-in one. */
export function exampleTypesOf(app: string): OptionSource {
  return {
    key: ["example-types", app],
    find: async (query, signal) => {
      const [known, published] = await Promise.all([
        matching(query, (iterator) => registered(iterator, signal)),
        publishedTypes(app, signal),
      ]);
      const words = query.toLowerCase().split(/\s+/);
      const others = exampleTypes([], published).map((value) => ({ value, label: value }));
      const fitting = others.filter(({ value }) => words.every((word) => value.toLowerCase().includes(word)));
      const names = new Set(fitting.map(({ value }) => value));
      return [...known.filter(({ value }) => !names.has(value)).slice(0, MAX_SHOWN - fitting.length), ...fitting];
    },
    resolve: (value) => Promise.resolve({ value, label: value }),
    accepts: isAny,
    isOpen: true,
  };
}

/** Event types of the newest messages. */
async function publishedTypes(app: string, signal: AbortSignal): Promise<readonly string[]> {
  const params = { path: { app_id: app }, query: { limit: RECENT, with_content: false } };
  const { data } = await must(api.GET("/api/v1/app/{app_id}/msg", { params, signal }));
  return data.map(({ eventType }) => eventType);
}
