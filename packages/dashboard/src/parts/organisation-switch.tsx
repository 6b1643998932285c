import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { api, must } from "../api/client.ts";

/** Few people belong to several organisations, so its form field is not loaded with the first page. */
const OrganisationSelect = lazy(async () => {
  const { OrganisationSelect: component } = await import("./organisation-select.tsx");
  return { default: component };
});

/** Chooses the organisation, for people who belong to several. */
export function OrganisationSwitch() {
  const { data = [] } = useQuery({
    queryKey: ["organisations", "all"],
    queryFn: () => must(api.GET("/api/v1/organisation")).then((list) => list.data),
  });
  if (data.length < 2) return null;
  return (
    <Suspense fallback={null}>
      <OrganisationSelect organisations={data} />
    </Suspense>
  );
}
