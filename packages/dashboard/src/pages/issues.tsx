import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Allowed } from "../components/allowed.tsx";
import { Url } from "../components/url.tsx";
import { api, must } from "../api/client.ts";
import type { List } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { SelectField } from "../components/form.tsx";
import { Page } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { attemptCause } from "../lib/cause.ts";
import { formatNumber } from "../lib/format.ts";
import { type Range, RANGES } from "../lib/message-filter.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import styles from "../parts/filters.module.css";
import listStyles from "../parts/message-list.module.css";
import { timeColumn } from "../components/list-page.tsx";
import { Views } from "../parts/views.tsx";

type Issue = components["schemas"]["IssueOut"];

const EVERY_MS = 15_000;
const LIVE_PACE_MS = 5000;
const MINUTE_MS = 60_000;
const FAILED = 2;

/** Recent failures grouped by endpoint and cause, newest first. */
export function Issues() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/issues" });
  const range = useSearch({ from: "/operator/issues" }).range ?? "24h";
  const issues = useQuery({
    queryKey: ["issues", range],
    queryFn: () => {
      const after = new Date(Date.now() - RANGES[range] * MINUTE_MS).toISOString();
      return must(api.GET("/api/v1/issue", { params: { query: { after, limit: 250 } } }));
    },
    refetchInterval: EVERY_MS,
  });
  useLiveRefresh([["issues"]], (event) => event.type === "attempt.recorded" && event.status === FAILED, LIVE_PACE_MS);
  const list: List<Issue> = {
    rows: issues.data?.data ?? [],
    error: issues.error,
    isLoading: issues.isPending,
    isLoadingMore: false,
    hasMore: false,
    search: null,
    loadMore: () => undefined,
    reload: () => void issues.refetch(),
  };
  return (
    <Page
      title={t("issues.title")}
      lead={t("issues.lead")}
      actions={<Views list="issues" filter={range === "24h" ? {} : { range }} />}
    >
      <div className={styles["line"]}>
        <div className={styles["choice"]}>
          <SelectField
            bare
            label={t("filters.range")}
            value={range}
            onChange={(value) => void navigate({ search: value === "24h" ? {} : { range: value as Range } })}
            choices={(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: t(`filters.ranges.${value}`) }))}
          />
        </div>
      </div>
      {issues.data?.exact === false && <Note>{t("issues.inexact")}</Note>}
      <IssueTable list={list} />
    </Page>
  );
}

function IssueTable({ list }: { readonly list: List<Issue> }) {
  const { t, i18n } = useTranslation();
  return (
    <Table
      label={t("issues.title")}
      list={list}
      rowKey={(row) => `${row.endpointId} ${row.errorCode ?? ""} ${row.responseStatusCode}`}
      linked
      empty={t("issues.none")}
      columns={[
        {
          key: "cause",
          label: t("issues.cause"),
          cell: (row) => (
            <span className={listStyles["name"]}>
              <Link
                to="/applications/$app/messages/$message/attempts/$attempt"
                params={{ app: row.appId, message: row.lastMessageId, attempt: row.lastAttemptId }}
              >
                {attemptCause(t, { ...row, status: FAILED })}
              </Link>
              <span className="muted" title={row.url}>
                <Url url={row.url} />
              </span>
            </span>
          ),
        },
        {
          key: "app",
          label: t("applications.one"),
          cell: (row) => (
            <Link to="/applications/$app" params={{ app: row.appId }} data-above className="muted">
              {row.appName}
            </Link>
          ),
        },
        {
          key: "state",
          label: t("endpoints.state"),
          cell: (row) => (
            <Badge tone={row.disabled ? "neutral" : row.failing ? "bad" : "good"}>
              {t(row.disabled ? "issues.disabled" : row.failing ? "issues.failing" : "issues.recovered")}
            </Badge>
          ),
        },
        {
          key: "attempts",
          label: t("attempts.title"),
          end: true,
          cell: (row) => formatNumber(i18n.language, row.attempts),
        },
        {
          key: "messages",
          label: t("messages.title"),
          end: true,
          cell: (row) => formatNumber(i18n.language, row.messages),
        },
        {
          key: "replay",
          label: "",
          tight: true,
          cell: (row) => (
            <Allowed to="messages:replay" app={row.appId}>
              <Link to="/replays/new" search={{ app: row.appId, endpoint: row.endpointId }} data-above>
                {t("issues.replay")}
              </Link>
            </Allowed>
          ),
        },
        timeColumn(t("issues.last"), "lastAt"),
      ]}
    />
  );
}
