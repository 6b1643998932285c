import { type QueryKey, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";
import type { EndpointFlow } from "../lib/flow.ts";

const EVERY_MS = 5000;

/** Below the key of the endpoint, so that whatever renews the endpoint renews this. */
export function flowKey(app: string, endpoint: string): QueryKey {
  return ["endpoint", app, endpoint, "state"];
}

/** How deliveries to an endpoint flow, followed while it is looked at. */
export function useFlow(app: string, endpoint: string): UseQueryResult<EndpointFlow> {
  const path = { app_id: app, endpoint_id: endpoint };
  return useQuery({
    queryKey: flowKey(app, endpoint),
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/state", { params: { path } })),
    refetchInterval: EVERY_MS,
  });
}
