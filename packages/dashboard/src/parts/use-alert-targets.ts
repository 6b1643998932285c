import { useQuery } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";

/** A recipient of alerts: an operational webhook endpoint. */
export interface AlertTarget {
  readonly id: string;
  /** Its description, or its URL. */
  readonly name: string;
}

/** Recipients that alert rules can name; `undefined` while they are loading. */
export function useAlertTargets(): readonly AlertTarget[] | undefined {
  const endpoints = useQuery({
    queryKey: ["operational", "names"],
    queryFn: () => must(api.GET("/api/v1/operational-webhook/endpoint", { params: { query: { limit: 250 } } })),
  });
  return endpoints.data?.data.map(({ id, description, url }) => ({ id, name: description === "" ? url : description }));
}
