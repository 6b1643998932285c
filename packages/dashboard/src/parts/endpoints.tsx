import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { Table } from "../components/table.tsx";
import { useFace } from "../session/face.ts";

/** The URLs of one application. */
export function Endpoints({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const face = useFace();
  const list = useList(["endpoints", app], (page) =>
    must(api.GET("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app }, query: page } })),
  );
  return (
    <Table
      label={t("endpoints.title")}
      list={list}
      rowKey={(row) => row.id}
      empty={t("endpoints.none")}
      columns={[
        {
          key: "url",
          label: t("endpoints.url"),
          cell: (row) => <Link {...face.endpoint(app, row.id)}>{row.url}</Link>,
        },
        { key: "description", label: t("endpoints.description"), cell: (row) => row.description },
        {
          key: "types",
          label: t("endpoints.types"),
          cell: (row) => row.eventTypes?.join(", ") ?? t("endpoints.allTypes"),
        },
        {
          key: "state",
          label: t("endpoints.state"),
          cell: (row) => (
            <Badge tone={row.disabled ? "warn" : "good"}>{t(row.disabled ? "endpoints.off" : "endpoints.on")}</Badge>
          ),
        },
      ]}
    />
  );
}
