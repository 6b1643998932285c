import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { Page } from "../components/page.tsx";
import { Table } from "../components/table.tsx";

export function EventTypes() {
  const { t } = useTranslation();
  const list = useList(["event-types"], (page) =>
    must(api.GET("/api/v1/event-type", { params: { query: { ...page, include_archived: true } } })),
  );
  return (
    <Page title={t("eventTypes.title")}>
      <Table
        label={t("eventTypes.title")}
        list={list}
        rowKey={(row) => row.name}
        empty={t("eventTypes.none")}
        columns={[
          { key: "name", label: t("eventTypes.name"), cell: (row) => <code>{row.name}</code> },
          { key: "description", label: t("eventTypes.description"), cell: (row) => row.description },
          { key: "group", label: t("eventTypes.group"), cell: (row) => row.groupName ?? "–" },
          {
            key: "state",
            label: t("endpoints.state"),
            cell: (row) => row.archived && <Badge>{t("eventTypes.archived")}</Badge>,
          },
        ]}
      />
    </Page>
  );
}
