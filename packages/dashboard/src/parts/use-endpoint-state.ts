import { type QueryKey, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";
import type { EndpointState } from "../lib/endpoint-state.ts";

const EVERY_MS = 5000;

/** Query key of the delivery status, below the key of the endpoint so that both are invalidated together. */
export function endpointStateKey(app: string, endpoint: string): QueryKey {
  return ["endpoint", app, endpoint, "state"];
}

/** Loads the delivery status of an endpoint and polls it while it is shown. */
export function useEndpointState(app: string, endpoint: string): UseQueryResult<EndpointState> {
  const path = { app_id: app, endpoint_id: endpoint };
  return useQuery({
    queryKey: endpointStateKey(app, endpoint),
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/state", { params: { path } })),
    refetchInterval: EVERY_MS,
  });
}
