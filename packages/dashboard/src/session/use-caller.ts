import { useQuery } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";

export type Caller = components["schemas"]["CurrentSessionOut"];

/** Who is signed in, and what they may do; `undefined` while it is loaded. */
export function useCaller(): Caller | undefined {
  const { data } = useQuery({
    queryKey: ["caller"],
    queryFn: () => must(api.GET("/api/v1/session/current")),
    staleTime: 60_000,
  });
  return data;
}
