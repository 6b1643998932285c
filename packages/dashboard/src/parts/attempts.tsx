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
import { publish } from "../lib/api-command.ts";
import { ApiCommand } from "./api-command.tsx";
import { isSource } from "../lib/source.ts";

type Attempt = components["schemas"]["MessageAttemptOut"];

interface AttemptsProps {
  readonly app: string;
  readonly list: List<Attempt>;
  /** Shown when a filtered list is empty; absent: the list has no filters. */
  readonly none?: string | undefined;
}

/** Table of attempts, newest first. */
export function Attempts({ app, list, none }: AttemptsProps) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  return (
    <Table
      label={t("attempts.title")}
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={none ?? t("attempts.none")}
      emptyAction={
        none === undefined && audience.kind === "operator" && !isSource(app) && <ApiCommand call={publish(app)} />
      }
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
