import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge, type Tone } from "../components/badge.tsx";
import { Page } from "../components/page.tsx";
import { Table } from "../components/table.tsx";

const TONES: Readonly<Record<string, Tone>> = { running: "info", finished: "good", failed: "bad" };

export function Tasks() {
  const { t } = useTranslation();
  const list = useList(["tasks"], (page) => must(api.GET("/api/v1/background-task", { params: { query: page } })));
  return (
    <Page title={t("tasks.title")}>
      <Table
        label={t("tasks.title")}
        list={list}
        rowKey={(row) => row.id}
        empty={t("tasks.none")}
        columns={[
          { key: "task", label: t("tasks.task"), cell: (row) => <code>{row.task}</code> },
          { key: "id", label: t("messages.id"), cell: (row) => <code>{row.id}</code> },
          {
            key: "status",
            label: t("tasks.status"),
            cell: (row) => <Badge tone={TONES[row.status] ?? "neutral"}>{row.status}</Badge>,
          },
          { key: "result", label: t("tasks.result"), cell: (row) => <code>{JSON.stringify(row.data)}</code> },
        ]}
      />
    </Page>
  );
}
