import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { useFace } from "../session/face.ts";

/** What was published to one application, newest first. */
export function Messages({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const face = useFace();
  const list = useList(["messages", app], (page) =>
    must(
      api.GET("/api/v1/app/{app_id}/msg", {
        params: { path: { app_id: app }, query: { ...page, with_content: false } },
      }),
    ),
  );
  return (
    <Table
      label={t("messages.title")}
      list={list}
      rowKey={(row) => row.id}
      empty={t("messages.none")}
      columns={[
        { key: "time", label: t("messages.time"), cell: (row) => <Time at={row.timestamp} /> },
        { key: "type", label: t("messages.type"), cell: (row) => <code>{row.eventType}</code> },
        {
          key: "id",
          label: t("messages.id"),
          cell: (row) => (
            <Link {...face.message(app, row.id)}>
              <code>{row.id}</code>
            </Link>
          ),
        },
        { key: "eventId", label: t("messages.eventId"), cell: (row) => row.eventId ?? "–" },
      ]}
    />
  );
}
