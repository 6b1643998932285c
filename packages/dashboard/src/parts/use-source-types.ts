import { useQuery } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";

/** Providers of webhooks; `undefined` while they are loading. */
export function useSourceTypes(enabled = true): readonly components["schemas"]["IngestSourceTypeOut"][] | undefined {
  const types = useQuery({
    queryKey: ["source-types"],
    queryFn: () => must(api.GET("/ingest/api/v1/source-type")),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return types.data?.data;
}
