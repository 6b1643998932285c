import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { List } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Status } from "../components/status.tsx";
import { Table } from "../components/table.tsx";
import { attemptCause } from "../lib/cause.ts";
import { formatDuration } from "../lib/format.ts";
import { useAudience } from "../session/audience.ts";
import { timeColumn } from "../components/list-page.tsx";

type Attempt = components["schemas"]["MessageAttemptOut"];

/** Table of attempts, newest first. */
export function Attempts({ app, list }: { readonly app: string; readonly list: List<Attempt> }) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  return (
    <Table
      label={t("attempts.title")}
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t("attempts.none")}
      columns={[
        {
          key: "cause",
          label: t("attempts.response"),
          cell: (row) => <Link {...audience.attempt(app, row.msgId, row.id)}>{attemptCause(t, row)}</Link>,
        },
        { key: "status", label: t("attempts.status"), cell: (row) => <Status status={row.status} /> },
        {
          key: "message",
          label: t("messages.one"),
          cell: (row) => (
            <Link {...audience.message(app, row.msgId)} data-above>
              <code>{row.msgId}</code>
            </Link>
          ),
        },
        {
          key: "why",
          label: t("attempts.trigger"),
          cell: (row) => t(row.triggerType === 1 ? "attempts.manual" : "attempts.scheduled"),
        },
        {
          key: "took",
          label: t("attempts.duration"),
          end: true,
          cell: (row) => formatDuration(i18n.language, row.responseDurationMs),
        },
        timeColumn(t("messages.time"), "timestamp"),
      ]}
    />
  );
}
