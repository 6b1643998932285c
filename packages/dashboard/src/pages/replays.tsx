import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Requester } from "../components/requester.tsx";
import { Allowed } from "../components/allowed.tsx";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { Progress } from "../components/progress.tsx";
import { formatNumber } from "../lib/format.ts";
import { APPLICATIONS } from "../lib/option-sources.ts";
import { REPLAY_STATES, replaysSearch } from "../lib/page-search.ts";
import { ExportButton } from "../parts/export-button.tsx";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import styles from "../parts/message-list.module.css";
import { TASK_TONES } from "../lib/task.ts";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import { Views } from "../parts/views.tsx";
import { replayFailed } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

type Row = components["schemas"]["ApplicationReplayOut"];

const EVERY_MS = 3000;
const DAY_MS = 86_400_000;

export function Replays() {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: "/replays" });
  const filter = useSearch({ from: "/operator/replays" });
  const { app: app_id, ...conditions } = filter;
  const { order = "descending" } = filter;
  const isFiltered = app_id !== undefined || filter.status !== undefined;
  const query = { ...conditions, ...(app_id === undefined ? {} : { app_id }) };
  const list = useList(
    ["replays", filter],
    (page) => must(api.GET("/api/v1/replay", { params: { query: { ...page, ...query } } })),
    { everyMs: EVERY_MS },
  );
  return (
    <ListPage
      title={t("replays.title")}
      lead={t("replays.lead")}
      actions={
        <>
          <Views list="replays" filter={filter} />
          <ExportButton
            name="replays"
            open={(format, signal) =>
              api.GET("/api/v1/export/replays", {
                params: { query: { ...query, format } },
                parseAs: "stream",
                signal,
              })
            }
          />
          <NewReplayLinks />
        </>
      }
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t(isFiltered ? "replays.noMatch" : "replays.none")}
      emptyAction={!isFiltered && <FirstReplay />}
      columns={[
        {
          key: "kind",
          label: t("replays.kind"),
          cell: (row) => (
            <ReplayLink row={row}>{row.reason === "" ? t(`replays.kinds.${kindOf(row.task)}`) : row.reason}</ReplayLink>
          ),
        },
        {
          key: "app",
          label: t("applications.one"),
          cell: (row) => (row.appId === null ? t("replays.allApps") : row.appName),
        },
        {
          key: "status",
          label: t("endpoints.state"),
          cell: (row) => <Badge tone={TASK_TONES[row.status]}>{t(`replays.states.${row.status}`)}</Badge>,
        },
        {
          key: "progress",
          label: t("replays.progress"),
          cell: (row) => <Progress percent={row.progress.percent} label={t("replays.progress")} />,
        },
        {
          key: "sent",
          label: t("replays.sent"),
          end: true,
          cell: (row) => formatNumber(i18n.language, row.progress.sent),
        },
        {
          key: "by",
          label: t("replays.by"),
          wideOnly: true,
          cell: (row) => (
            <span className={styles["short"]}>
              <Requester id={row.requestedBy} name={row.requestedByName} />
            </span>
          ),
        },
        timeColumn(t("messages.time"), "createdAt", {
          order,
          onChange: (next) => void navigate({ search: replaysSearch({ ...filter, order: next }), replace: true }),
        }),
      ]}
    >
      <ListFilters
        choices={[
          {
            name: "status",
            label: t("endpoints.state"),
            value: filter.status,
            choices: [
              { value: "", label: t("replays.anyState") },
              ...REPLAY_STATES.map((value) => ({ value, label: t(`replays.states.${value}`) })),
            ],
          },
        ]}
        picks={[
          {
            name: "app",
            label: t("applications.one"),
            help: t("applications.one"),
            value: filter.app,
            source: APPLICATIONS,
          },
        ]}
        onChange={(name, value) =>
          void navigate({ search: replaysSearch(withFilter({ ...filter }, name, value)), replace: true })
        }
      />
    </ListPage>
  );
}

function NewReplayLinks() {
  const { t } = useTranslation();
  return (
    <>
      <Allowed to="messages:replay">
        <Link to="/replays/across" className={buttonClass()}>
          {t("acrossReplay.open")}
        </Link>
      </Allowed>
      <Allowed to="messages:replay" app="anywhere">
        <Link to="/replays/new" className={buttonClass("primary")}>
          <RotateCcw aria-hidden />
          {t("replays.new")}
        </Link>
      </Allowed>
    </>
  );
}

/** The call that replays what has failed in the last day, for all customers. */
function FirstReplay() {
  const [since] = useState(() => new Date(Date.now() - DAY_MS).toISOString());
  return <ApiCommand call={replayFailed(since)} />;
}

function ReplayLink({ row, children }: { readonly row: Row; readonly children: ReactNode }) {
  if (row.appId === null) {
    return (
      <Link to="/replays/all/$replay" params={{ replay: row.id }}>
        {children}
      </Link>
    );
  }
  return (
    <Link to="/replays/$app/$replay" params={{ app: row.appId, replay: row.id }}>
      {children}
    </Link>
  );
}

function kindOf(task: string): "recover" | "missing" | "replay" {
  if (task === "endpoint.recover") return "recover";
  return task === "endpoint.replay" ? "missing" : "replay";
}
