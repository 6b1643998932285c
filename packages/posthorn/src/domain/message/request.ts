/** How an inbound message came in, as it is stored beside its body. */
import type { DocumentFacts } from "../../filter/document.ts";

export type RequestFacts = Pick<DocumentFacts, "method" | "path" | "query" | "headers">;

/** The parts of a stored `request_json` that filters and transformations see. */
export function requestOf(json: string): RequestFacts {
  const { method, path, query, headers } = JSON.parse(json) as RequestFacts;
  return {
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(query === undefined ? {} : { query }),
    ...(headers === undefined ? {} : { headers: lowerCase(headers) }),
  };
}

function lowerCase(headers: NonNullable<RequestFacts["headers"]>): NonNullable<RequestFacts["headers"]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
