import { useQuery } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";

/** Attempts of a message, newest first; at most 250. `endpoint`: only those at this one. */
export function useAttempts(app: string, message: string, endpoint?: string) {
  return useQuery({
    queryKey: ["message", app, message, "attempts", endpoint ?? null],
    // Another attempt can be recorded between two pages that show them.
    staleTime: 0,
    queryFn: () =>
      must(
        api.GET("/api/v1/app/{app_id}/attempt/msg/{msg_id}", {
          params: {
            path: { app_id: app, msg_id: message },
            query: {
              limit: 250,
              with_content: false,
              expanded_statuses: true,
              ...(endpoint === undefined ? {} : { endpoint_id: endpoint }),
            },
          },
        }),
      ),
  });
}
