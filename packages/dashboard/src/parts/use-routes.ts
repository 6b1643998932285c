import { type QueryKey, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";

export type RouteGraph = components["schemas"]["IngestGraphOut"];

/** Query key of the route diagram, below the key of the source so that both are invalidated together. */
export function routesKey(source: string): QueryKey {
  return ["source", source, "graph"];
}

/** Loads the graph of source → filter → transformation → endpoint. */
export function useRoutes(source: string): UseQueryResult<RouteGraph> {
  return useQuery({
    queryKey: routesKey(source),
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/graph", { params: { path: { source_id: source } } })),
  });
}
