/** Nodes that share the database, and the shards each of them owns. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { fixedList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Card, Facts, Page, Section } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { formatDuration, formatNumber } from "../lib/format.ts";
import { NODE_TONES } from "../lib/node.ts";
import { ShardDistribution } from "./cluster-shards.tsx";

type Cluster = components["schemas"]["ClusterOut"];

const EVERY_MS = 5000;
/** A node seen within this time is shown as seen "just now". */
const NOW_MS = 1000;

export function ClusterPage() {
  const { t } = useTranslation();
  const cluster = useQuery({
    queryKey: ["cluster"],
    queryFn: () => must(api.GET("/api/v1/cluster")),
    refetchInterval: EVERY_MS,
  });
  const nodes = cluster.error === null ? (cluster.data?.nodes.length ?? 0) : 0;
  return (
    <Page title={t("cluster.title")} {...(nodes === 0 ? {} : { lead: t("cluster.lead", { count: nodes }) })}>
      {cluster.error !== null ? (
        <Failed error={cluster.error} retry={() => void cluster.refetch()} />
      ) : cluster.data === undefined ? (
        <Loading />
      ) : (
        <ClusterState cluster={cluster.data} />
      )}
    </Page>
  );
}

function ClusterState({ cluster }: { readonly cluster: Cluster }) {
  const { t, i18n } = useTranslation();
  const { nodes, shards, lagSeconds } = cluster;
  const unowned = shards.filter(({ node }) => node === null).length;
  const inFlight = nodes.reduce((sum, node) => sum + node.inFlight, 0);
  return (
    <>
      {unowned > 0 && <Note tone="warn">{t("cluster.unowned", { count: unowned })}</Note>}
      <Card title={t("cluster.now")}>
        <Facts
          facts={[
            [t("cluster.oldest"), lagSeconds === 0 ? t("cluster.nothing") : lagText(i18n.language, lagSeconds)],
            [t("cluster.inFlight"), formatNumber(i18n.language, inFlight)],
          ]}
        />
      </Card>
      <ShardDistribution nodes={nodes} shards={shards} />
      <Section title={t("cluster.nodes")}>
        <Nodes cluster={cluster} />
      </Section>
    </>
  );
}

function Nodes({ cluster: { at, nodes } }: { readonly cluster: Cluster }) {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  return (
    <Table
      label={t("cluster.nodes")}
      list={fixedList(nodes)}
      rowKey={({ id }) => String(id)}
      empty={t("cluster.none")}
      columns={[
        {
          key: "node",
          label: t("cluster.one"),
          cell: ({ id, current }) => (
            <>
              <strong>{t("cluster.node", { id })}</strong> {current && <Badge>{t("cluster.current")}</Badge>}
            </>
          ),
        },
        {
          key: "host",
          label: t("cluster.host"),
          cell: ({ host, thread }) => (
            <>
              <code>{host}</code> {thread !== null && <Badge>{t("cluster.thread", { number: thread })}</Badge>}
            </>
          ),
        },
        { key: "version", label: t("cluster.version"), cell: ({ version }) => version },
        {
          key: "state",
          label: t("cluster.state"),
          cell: ({ state }) => <Badge tone={NODE_TONES[state]}>{t(`cluster.states.${state}`)}</Badge>,
        },
        { key: "started", label: t("cluster.started"), cell: ({ startedAt }) => <Time at={startedAt} relative /> },
        { key: "seen", label: t("cluster.seen"), cell: ({ lastSeenAt }) => <LastSeen at={at} last={lastSeenAt} /> },
        { key: "shards", label: t("cluster.shards"), end: true, cell: (row) => formatNumber(language, row.shards) },
        {
          key: "flight",
          label: t("cluster.nodeInFlight"),
          end: true,
          cell: (row) => formatNumber(language, row.inFlight),
        },
        { key: "lag", label: t("cluster.lag"), end: true, cell: (row) => lagText(language, row.lagSeconds) },
      ]}
    />
  );
}

/** Uses only the clock of the database: the reader's clock can be off by more than the heartbeat timeout of a node. */
function LastSeen({ at, last }: { readonly at: string; readonly last: string }) {
  const { t, i18n } = useTranslation();
  const agoMs = Date.parse(at) - Date.parse(last);
  return (
    <time dateTime={last} title={last} className="numeric">
      {agoMs < NOW_MS ? t("cluster.justNow") : t("cluster.ago", { value: formatDuration(i18n.language, agoMs) })}
    </time>
  );
}

function lagText(language: string, seconds: number): string {
  return formatDuration(language, seconds * 1000);
}
