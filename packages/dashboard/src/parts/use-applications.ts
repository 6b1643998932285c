import { useQuery } from "@tanstack/react-query";
import { api, must } from "../api/client.ts";
import type { Choice } from "../components/form.tsx";

const MAX_LISTED = 250;

/** The first applications, as choices of a field. */
export function useApplicationChoices(): readonly Choice[] {
  const { data } = useQuery({
    queryKey: ["applications", "choices"],
    queryFn: () => must(api.GET("/api/v1/app", { params: { query: { limit: MAX_LISTED } } })),
  });
  return (data?.data ?? []).map(({ id, name }) => ({ value: id, label: name }));
}
