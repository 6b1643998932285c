interface RequestTarget {
  readonly method: string;
  /** Empty for the URL itself. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/** Method, path and query of a request, as in its first line. */
export function requestLine({ method, path, query }: RequestTarget): string {
  return `${method} ${path === "" ? "/" : path}${query === "" ? "" : `?${query}`}`;
}
