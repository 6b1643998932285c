import { type QueryKey, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";

export type RouteGraph = components["schemas"]["IngestGraphOut"];

/** Below the key of the source: what changes a route renews the picture. */
export function routesKey(source: string): QueryKey {
  return ["source", source, "graph"];
}

/** Source → filter → transformation → endpoint, to be drawn. */
export function useRoutes(source: string): UseQueryResult<RouteGraph> {
  return useQuery({
    queryKey: routesKey(source),
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/graph", { params: { path: { source_id: source } } })),
  });
}
