import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { ListSection, timeColumn } from "../components/list-page.tsx";
import { formatDuration } from "../lib/format.ts";
import {
  REQUEST_CALLERS,
  REQUEST_METHODS,
  REQUEST_RESULTS,
  type RequestFilter,
  requestQuery,
  toRequestFilter,
} from "../lib/request-filter.ts";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import styles from "../parts/message-list.module.css";
import { Views } from "../parts/views.tsx";

type Entry = components["schemas"]["ApiRequestOut"];

/** The log of API requests of the organisation. */
export function ApiRequests() {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: "/settings" });
  const filter = toRequestFilter({ ...useSearch({ from: "/operator/settings" }) });
  const list = useList(["request-log", filter], (page) =>
    must(api.GET("/api/v1/request-log", { params: { query: { ...page, ...requestQuery(filter) } } })),
  );
  const change = (name: string, value: string): void =>
    void navigate({ search: { ...(withFilter({ ...filter }, name, value) as RequestFilter), tab: "requests" } });
  const any = (label: string) => ({ value: "", label });
  return (
    <ListSection
      title={t("requestLog.title")}
      lead={t("requestLog.lead")}
      actions={<Views list="requests" filter={filter} />}
      list={list}
      rowKey={(row) => row.id}
      empty={t("requestLog.none")}
      columns={[
        {
          key: "operation",
          label: t("audit.action"),
          cell: (row) => (
            <span title={`${row.method} ${row.route}`}>
              <code>{row.operation.replace(/^v1\./, "")}</code>
            </span>
          ),
        },
        {
          key: "status",
          label: t("attempts.status"),
          tight: true,
          cell: (row) => <Status entry={row} />,
        },
        {
          key: "caller",
          label: t("requestLog.caller"),
          cell: ({ caller }) => (
            <span className={styles["short"]} title={caller.id ?? ""}>
              {caller.name ?? caller.id ?? t(`audit.actors.${caller.kind}`)}
            </span>
          ),
        },
        {
          key: "duration",
          label: t("attempts.duration"),
          end: true,
          tight: true,
          wideOnly: true,
          cell: (row) => formatDuration(i18n.language, row.durationMs),
        },
        {
          key: "id",
          label: t("requestLog.id"),
          wideOnly: true,
          cell: (row) => (
            <code className={styles["short"]} title={row.requestId ?? row.id}>
              {row.requestId ?? row.id}
            </code>
          ),
        },
        timeColumn(t("messages.time"), "timestamp"),
      ]}
    >
      <ListFilters
        search={{ label: t("requestLog.search"), value: filter.search }}
        choices={[
          {
            name: "result",
            label: t("requestLog.result"),
            value: filter.result,
            choices: [
              any(t("requestLog.anyResult")),
              ...REQUEST_RESULTS.map((value) => ({ value, label: t(`requestLog.results.${value}`) })),
            ],
          },
          {
            name: "method",
            label: t("requestLog.method"),
            value: filter.method,
            choices: [any(t("requestLog.anyMethod")), ...REQUEST_METHODS.map((value) => ({ value, label: value }))],
          },
          {
            name: "by",
            label: t("requestLog.caller"),
            value: filter.by,
            choices: [
              any(t("requestLog.anyCaller")),
              ...REQUEST_CALLERS.map((value) => ({ value, label: t(`audit.actors.${value}`) })),
            ],
          },
        ]}
        onChange={change}
      />
    </ListSection>
  );
}

function Status({ entry: { status, errorCode } }: { readonly entry: Entry }) {
  const tone = status < 400 ? "good" : status < 500 ? "warn" : "bad";
  return (
    <Badge tone={tone}>
      {status}
      {errorCode === null ? "" : ` ${errorCode}`}
    </Badge>
  );
}
