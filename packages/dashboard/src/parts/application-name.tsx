import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";

/** Name of an application, by its ID. */
export function ApplicationName({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const application = useQuery({
    queryKey: ["application", app],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}", { params: { path: { app_id: app } } })),
  });
  return <>{application.data?.name ?? t("applications.one")}</>;
}
