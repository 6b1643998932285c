import { useQuery } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";
import type { Caller } from "../lib/caller.ts";

/** Who is signed in, and what they may do; `undefined` while it is loaded. */
export function useCaller(): Caller | undefined {
  return useCallerQuery().data;
}

export function useCallerQuery() {
  return useQuery({
    queryKey: ["caller"],
    queryFn: () => must(api.GET("/api/v1/session/current")),
    staleTime: 60_000,
  });
}
