/** Page of one source: its URL, events, routes, event types, activity, quarantine and settings. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge, Tag, Tags } from "../components/badge.tsx";
import { Card, Columns, Facts, Page } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { tabOf, Tabs } from "../components/tabs.tsx";
import { Time } from "../components/time.tsx";
import { formatBytes } from "../lib/format.ts";
import { deduplicationOf, type Source } from "../lib/source-form.ts";
import { trustOf } from "../lib/trust.ts";
import { QuarantineList } from "../parts/quarantine-list.tsx";
import { SourceDuplicates } from "../parts/source-duplicates.tsx";
import { SourceFunnel } from "../parts/source-funnel.tsx";
import { SourceGuide } from "../parts/source-guide.tsx";
import { SourceSamples } from "../parts/source-samples.tsx";
import { SourceUrl } from "../parts/source-url.tsx";
import { WEBHOOK_KIND } from "../lib/source-kind.ts";
import { useSourceKind } from "../parts/use-destination-kinds.ts";
import { ReadSource } from "../parts/read-source.tsx";
import { SourceCatalogue } from "./source-catalogue.tsx";
import { Routes, RoutesTab } from "./source-routes.tsx";
import { SourceSettings } from "./source-settings.tsx";
import { ACTIVITY_TONES, SourceActivity } from "./source-activity.tsx";
import { timeColumn } from "../components/list-page.tsx";

const TABS = ["overview", "routes", "events", "catalogue", "activity", "quarantine", "settings"] as const;
const EVERY_MS = 5000;

export function SourcePage() {
  const { t } = useTranslation();
  const { source: id } = useParams({ from: "/operator/sources/$source" });
  const search = useSearch({ from: "/operator/sources/$source" });
  const tab = tabOf(TABS, search.tab);
  const source = useQuery({
    queryKey: ["source", id],
    queryFn: () => must(api.GET("/ingest/api/v1/source/{source_id}", { params: { path: { source_id: id } } })),
  });
  if (source.error !== null) return <Failed error={source.error} retry={() => void source.refetch()} />;
  if (source.data === undefined) return <Loading />;
  const { name, type, kind } = source.data;
  return (
    <Page
      title={name}
      badge={kind === WEBHOOK_KIND ? <Tag>{type}</Tag> : <KindTag kind={kind} />}
      crumbs={[
        <Link key="all" to="/sources">
          {t("sources.title")}
        </Link>,
      ]}
    >
      <Tabs
        label={t("sources.one")}
        current={tab}
        tabs={TABS.map((one) => ({ name: one, label: t(`sources.tabs.${one}`) }))}
      />
      <Tab source={source.data} tab={tab} route={search.route} type={search.type} />
    </Page>
  );
}

function KindTag({ kind }: { readonly kind: string }) {
  return <Tag>{useSourceKind(kind)?.title ?? kind}</Tag>;
}

interface TabProps {
  readonly source: Source;
  readonly tab: (typeof TABS)[number];
  readonly route: string | undefined;
  readonly type: string | undefined;
}

function Tab({ source, tab, route, type }: TabProps) {
  switch (tab) {
    case "overview":
      return source.kind === WEBHOOK_KIND ? <Overview source={source} /> : <ReadSource source={source} />;
    case "routes":
      return <RoutesTab source={source.id} chosen={route} />;
    case "events":
      return <Events id={source.id} />;
    case "catalogue":
      return <SourceCatalogue source={source} type={type} />;
    case "activity":
      return <SourceActivity source={source} />;
    case "quarantine":
      return <QuarantineList source={source.id} />;
    case "settings":
      return <SourceSettings source={source} />;
  }
}

function Overview({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const activity = useQuery({
    queryKey: ["source", source.id, "activity"],
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/activity", { params: { path: { source_id: source.id } } })),
    refetchInterval: EVERY_MS,
  });
  const { allowUnsigned, methods, allowedAddresses, deduplication, configured } = source;
  return (
    <>
      <SourceUrl source={source} />
      {activity.data?.lastReceivedAt === null && <SourceGuide source={source} />}
      <Columns>
        <Card
          title={t("sources.activity")}
          actions={
            <Link to="." search={{ tab: "activity" }}>
              {t("sources.tabs.activity")}
            </Link>
          }
        >
          <Facts
            facts={[
              [
                t("endpoints.state"),
                activity.data === undefined ? (
                  "–"
                ) : (
                  <Badge key="state" tone={ACTIVITY_TONES[activity.data.state]}>
                    {t(`sources.activityStates.${activity.data.state}`)}
                  </Badge>
                ),
              ],
              [t("sources.last"), <Time key="last" at={activity.data?.lastReceivedAt} relative />],
              [
                t("sources.inactiveAt"),
                activity.data?.inactiveAt ? <Time key="inactive" at={activity.data.inactiveAt} /> : "–",
              ],
            ]}
          />
        </Card>
        <Card
          title={t("sources.accepts")}
          actions={
            <Link to="." search={{ tab: "settings" }}>
              {t("sources.tabs.settings")}
            </Link>
          }
        >
          <Facts
            facts={[
              [t("sources.verification"), t(allowUnsigned ? "sources.unsignedToo" : "sources.signedOnly")],
              ...(configured.length === 0
                ? []
                : [[t("sources.configured"), <Tags key="configured" names={configured} />] as const]),
              [t("sources.methods"), <Tags key="methods" names={methods} />],
              [t("sources.addresses"), <Tags key="addresses" names={allowedAddresses} none={t("sources.anywhere")} />],
              [t("sources.deduplication"), t(`sourceEdit.deduplications.${deduplicationOf(deduplication)}`)],
            ]}
          />
        </Card>
      </Columns>
      <SourceFunnel source={source.id} />
      <SourceSamples source={source} />
      <SourceDuplicates source={source.id} />
      <Routes source={source.id} />
    </>
  );
}

function Events({ id }: { readonly id: string }) {
  const { t, i18n } = useTranslation();
  const list = useList(
    ["source", id, "events"],
    (page) =>
      must(api.GET("/ingest/api/v1/source/{source_id}/event", { params: { path: { source_id: id }, query: page } })),
    { everyMs: EVERY_MS },
  );
  return (
    <Table
      label={t("sources.tabs.events")}
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t("sources.noEvents")}
      emptyAction={
        <Link to="/sources/$source" params={{ source: id }} className="linked">
          {t("sources.openGuide")}
        </Link>
      }
      columns={[
        {
          key: "type",
          label: t("messages.type"),
          cell: (row) => (
            <Link to="/applications/$app/messages/$message" params={{ app: id, message: row.id }}>
              {row.eventType}
            </Link>
          ),
        },
        { key: "delivery", label: t("sources.deliveryId"), cell: (row) => <code>{row.deliveryId ?? "–"}</code> },
        {
          key: "trust",
          label: t("sources.verification"),
          cell: (row) => (
            <Badge tone={row.trust === "none" ? "warn" : "good"}>{t(`sources.trusts.${trustOf(row.trust)}`)}</Badge>
          ),
        },
        { key: "routing", label: t("sources.routing"), cell: (row) => t(`sources.routings.${row.routing}`) },
        {
          key: "size",
          label: t("messages.size"),
          end: true,
          wideOnly: true,
          cell: (row) => (row.bodyBytes === null ? "–" : formatBytes(i18n.language, row.bodyBytes)),
        },
        timeColumn(t("messages.time"), "receivedAt"),
      ]}
    />
  );
}
