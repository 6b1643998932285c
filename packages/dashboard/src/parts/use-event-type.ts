import { useQuery } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";

/** Loads an event type with its schemas. */
export function useEventType(name: string) {
  return useQuery({
    queryKey: ["event-type", name],
    queryFn: () =>
      must(api.GET("/api/v1/event-type/{event_type_name}", { params: { path: { event_type_name: name } } })),
  });
}
