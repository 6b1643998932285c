/** Page of one watch: its keys, values, transitions, rule and settings. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormError } from "../components/form.tsx";
import { timeColumn } from "../components/list-page.tsx";
import { Card, Columns, Facts, Page } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { tabOf, Tabs } from "../components/tabs.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../lib/format.ts";
import { TRANSITION_TONES, type Watch, type WatchIn } from "../lib/watch.ts";
import { RuleInWords, WatchEditor } from "../parts/watch-editor.tsx";
import { WatchKeys } from "../parts/watch-keys.tsx";
import { WatchValues } from "../parts/watch-values.tsx";
import { useDryRun } from "../parts/use-dry-run.ts";
import { WatchBadge, Watched } from "./watches.tsx";

const TABS = ["overview", "transitions", "rule", "settings"] as const;
const EVERY_MS = 5000;
/** Stored messages whose values the chart shows. */
const CHARTED = 500;

export function WatchPage() {
  const { t } = useTranslation();
  const { app, watch: id } = useParams({ from: "/operator/watches/$app/$watch" });
  const search = useSearch({ from: "/operator/watches/$app/$watch" });
  const tab = tabOf(TABS, search.tab);
  const path = { app_id: app, watch_id: id };
  const watch = useQuery({
    queryKey: ["watch", app, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/watch/{watch_id}", { params: { path } })),
    refetchInterval: EVERY_MS,
  });
  const change = useChange(app, id);
  if (watch.error !== null) return <Failed error={watch.error} retry={() => void watch.refetch()} />;
  if (watch.data === undefined) return <Loading />;
  const { name, paused } = watch.data;
  return (
    <Page
      title={name}
      badge={<WatchBadge watch={watch.data} />}
      crumbs={[
        <Link key="all" to="/watches">
          {t("watches.title")}
        </Link>,
      ]}
      actions={
        <Button needs="watches:write" onClick={() => change.mutate({ paused: !paused })} disabled={change.isPending}>
          {paused ? <Play aria-hidden /> : <Pause aria-hidden />}
          {t(paused ? "watches.resume" : "watches.pause")}
        </Button>
      }
    >
      <Tabs
        label={t("watches.one")}
        current={tab}
        tabs={TABS.map((one) => ({ name: one, label: t(`watches.tabs.${one}`) }))}
      />
      {paused && <Note>{t("watches.paused")}</Note>}
      {tab === "overview" && <Overview app={app} watch={watch.data} />}
      {tab === "transitions" && <Transitions app={app} watch={watch.data} />}
      {tab === "rule" && <Rule app={app} watch={watch.data} />}
      {tab === "settings" && <Settings app={app} watch={watch.data} />}
      {tab !== "rule" && <FormError error={change.error} />}
    </Page>
  );
}

interface TabProps {
  readonly app: string;
  readonly watch: Watch;
}

function useChange(app: string, id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Partial<WatchIn>) =>
      must(
        api.PATCH("/api/v1/app/{app_id}/watch/{watch_id}", { params: { path: { app_id: app, watch_id: id } }, body }),
      ),
    onSuccess: async (saved) => {
      queries.setQueryData(["watch", app, id], saved);
      await queries.invalidateQueries({ queryKey: ["watches"] });
    },
  });
}

function Overview({ app, watch }: TabProps) {
  const { t } = useTranslation();
  const { rule, overflowSince } = watch;
  return (
    <>
      {overflowSince !== null && <Note tone="warn">{t("watches.overflow", { time: overflowSince })}</Note>}
      <RuleInWords rule={rule} />
      <Columns>
        <Values app={app} watch={watch} />
        <About watch={watch} />
      </Columns>
      <WatchKeys app={app} watch={watch} />
    </>
  );
}

function Values({ app, watch: { id, rule, eventTypes, samples, unreadable } }: TabProps) {
  const { t } = useTranslation();
  const [page, setPage] = useState(0);
  const revision = samples + unreadable;
  const run = useDryRun({ app, rule, eventTypes, limit: CHARTED, valuePage: page, revision });
  const transitions = useTransitions(app, id);
  const from = run.data?.from ?? null;
  const since = from === null ? 0 : Date.parse(from);
  return (
    <Card title={t("watches.values")} lead={t("watches.valuesLead", { count: run.data?.messages ?? CHARTED })}>
      {run.error !== null && <Failed error={run.error} retry={() => void run.refetch()} />}
      {run.isPending && <Loading lines={4} />}
      {run.data !== undefined && run.data.values.length === 0 && <p className="muted">{t("watchEdit.noMessages")}</p>}
      {run.data !== undefined && run.data.values.length > 0 && (
        <WatchValues
          rule={rule}
          values={run.data.values}
          transitions={transitions.rows.filter(({ at }) => Date.parse(at) >= since)}
          page={page}
          pages={run.data.valuePages}
          onPage={setPage}
        />
      )}
    </Card>
  );
}

function About({ watch }: { readonly watch: Watch }) {
  const { t, i18n } = useTranslation();
  const { app, emit, eventTypes, version, samples, unreadable, ignored, updatedAt, uid } = watch;
  const number = (value: number): string => formatNumber(i18n.language, value);
  return (
    <Card title={t("watches.about")}>
      <Facts
        facts={[
          [t("watches.watched"), <Watched key="app" app={app} />],
          [t("watches.eventTypes"), <Tags key="types" names={eventTypes} none={t("watches.allTypes")} />],
          [t("watches.emits"), <code key="emit">{emit.type}.*</code>],
          ...(emit.app === app.id
            ? []
            : [[t("watches.emitsTo"), <Watched key="to" app={{ id: emit.app, name: emit.app }} />] as const]),
          ...(uid === null ? [] : [[t("applications.uid"), <code key="uid">{uid}</code>] as const]),
          [t("watches.samples"), number(samples)],
          [
            t("watches.unreadable"),
            <span key="unreadable" title={t("watches.unreadableHelp")}>
              {number(unreadable)}
            </span>,
          ],
          ...(ignored === 0 ? [] : [[t("watches.ignored"), number(ignored)] as const]),
          [
            t("watches.version"),
            <span key="version">
              {number(version)} · <Time at={updatedAt} relative />
            </span>,
          ],
        ]}
      />
    </Card>
  );
}

function useTransitions(app: string, id: string) {
  return useList(
    ["watch", app, id, "transitions"],
    (page) =>
      must(
        api.GET("/api/v1/app/{app_id}/watch/{watch_id}/transition", {
          params: { path: { app_id: app, watch_id: id }, query: page },
        }),
      ),
    { everyMs: EVERY_MS },
  );
}

function Transitions({ app, watch: { id, emit } }: TabProps) {
  const { t } = useTranslation();
  return (
    <Table
      label={t("watches.tabs.transitions")}
      list={useTransitions(app, id)}
      rowKey={(row) => `${row.version}/${row.key}/${row.number}/${row.phase}/${row.at}`}
      linked
      empty={t("watches.noTransitions")}
      columns={[
        {
          key: "phase",
          label: t("watches.transition"),
          cell: (row) => {
            const badge = (
              <Badge tone={TRANSITION_TONES[row.phase] ?? "neutral"}>{t(`watches.transitions.${row.phase}`)}</Badge>
            );
            return row.messageId === null ? (
              badge
            ) : (
              <Link to="/applications/$app/messages/$message" params={{ app: emit.app, message: row.messageId }}>
                {badge}
              </Link>
            );
          },
        },
        {
          key: "key",
          label: t("watches.key"),
          cell: (row) => <code>{row.key === "" ? t("watches.noKey") : row.key}</code>,
        },
        { key: "number", label: t("watches.number"), end: true, tight: true, cell: (row) => row.number },
        { key: "version", label: t("watches.version"), end: true, wideOnly: true, cell: (row) => row.version },
        timeColumn(t("messages.time"), "at"),
      ]}
    />
  );
}

function Rule({ app, watch }: TabProps) {
  const change = useChange(app, watch.id);
  return <WatchEditor key={watch.id} app={app} watch={watch} onSave={(_, body) => change.mutate(body)} save={change} />;
}

function Settings({ app, watch: { id, name } }: TabProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = async (): Promise<void> => {
    const path = { app_id: app, watch_id: id };
    await must(api.DELETE("/api/v1/app/{app_id}/watch/{watch_id}", { params: { path } }));
    await queries.invalidateQueries({ queryKey: ["watches"] });
    await navigate({ to: "/watches" });
  };
  return (
    <Card
      needs="watches:write"
      title={t("watches.delete")}
      lead={t("watches.deleteText")}
      actions={
        <Confirm
          trigger={<Button kind="danger">{t("watches.delete")}</Button>}
          title={t("watches.deleteTitle", { name })}
          text={t("watches.deleteText")}
          action={t("actions.delete")}
          danger
          onConfirm={remove}
        />
      }
    >
      {null}
    </Card>
  );
}
