import { useTranslation } from "react-i18next";
import type { List } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Status } from "../components/status.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";

type Attempt = components["schemas"]["MessageAttemptOut"];

/** Each HTTP try, newest first. */
export function Attempts({ list }: { readonly list: List<Attempt> }) {
  const { t } = useTranslation();
  return (
    <Table
      label={t("attempts.title")}
      list={list}
      rowKey={(row) => row.id}
      empty={t("attempts.none")}
      columns={[
        { key: "time", label: t("messages.time"), cell: (row) => <Time at={row.timestamp} /> },
        { key: "status", label: t("attempts.status"), cell: (row) => <Status status={row.status} /> },
        { key: "code", label: t("attempts.code"), cell: (row) => row.responseStatusCode || "–" },
        { key: "took", label: t("attempts.duration"), cell: (row) => t("attempts.ms", { ms: row.responseDurationMs }) },
        {
          key: "why",
          label: t("attempts.trigger"),
          cell: (row) => t(row.triggerType === 1 ? "attempts.manual" : "attempts.scheduled"),
        },
        { key: "url", label: t("attempts.url"), cell: (row) => row.url },
      ]}
    />
  );
}
