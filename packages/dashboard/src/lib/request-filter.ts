/** Filter of the log of API requests, which is in the URL of the settings page. */

export const REQUEST_RESULTS = ["success", "client_error", "server_error"] as const;
export const REQUEST_CALLERS = ["user", "key", "token", "application"] as const;
export const REQUEST_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

export interface RequestFilter {
  /** Operation or its beginning, status, error code, ID of a caller or of a request. */
  readonly search?: string;
  readonly by?: (typeof REQUEST_CALLERS)[number];
  readonly method?: (typeof REQUEST_METHODS)[number];
  readonly result?: (typeof REQUEST_RESULTS)[number];
}

/** Reads the filter from search parameters, and ignores invalid values. */
export function toRequestFilter(search: Readonly<Record<string, unknown>>): RequestFilter {
  const oneOf = <Value extends string>(values: readonly Value[], name: string): Value | undefined =>
    values.find((value) => value === search[name]);
  const [by, method] = [oneOf(REQUEST_CALLERS, "by"), oneOf(REQUEST_METHODS, "method")];
  const result = oneOf(REQUEST_RESULTS, "result");
  const { search: text } = search;
  return {
    ...(typeof text === "string" && text !== "" ? { search: text } : {}),
    ...(by === undefined ? {} : { by }),
    ...(method === undefined ? {} : { method }),
    ...(result === undefined ? {} : { result }),
  };
}

/** Query parameters of the API for a filter. */
export function requestQuery({ search, by, method, result }: RequestFilter) {
  return {
    ...(search === undefined ? {} : textQuery(search)),
    ...(by === undefined ? {} : { caller_kind: by }),
    ...(method === undefined ? {} : { method }),
    ...(result === undefined ? {} : { result }),
  };
}

function textQuery(text: string) {
  return /^[1-5]\d\d$/.test(text) ? { status: Number(text) } : { search: text };
}
