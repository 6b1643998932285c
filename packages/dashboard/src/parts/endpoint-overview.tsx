import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Tags } from "../components/badge.tsx";
import { Spark } from "../components/chart.tsx";
import { Copyable } from "../components/copy.tsx";
import { Card, Columns, Facts, Section, Stack } from "../components/page.tsx";
import { Time } from "../components/time.tsx";
import { formatCompact, formatDuration, formatPercent } from "../lib/format.ts";
import { useAudience } from "../session/audience.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { Attempts } from "./attempts.tsx";
import { Blockers, EndpointStateCard } from "./endpoint-state.tsx";
import { Listeners } from "./listeners.tsx";
import styles from "./endpoint-overview.module.css";
import { EndpointFirstSteps } from "./endpoint-first-steps.tsx";
import { EndpointHealth } from "./endpoint-health.tsx";
import { EndpointConfig } from "./endpoint-config.tsx";
import type { Endpoint } from "./endpoint-props.ts";
import { useDestinationKind } from "./use-destination-kinds.ts";

export interface EndpointOverviewProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}

export function EndpointOverview({ app, endpoint }: EndpointOverviewProps) {
  const { t } = useTranslation();
  const isPortal = useAudience().kind === "portal";
  const path = { app_id: app, endpoint_id: endpoint.id };
  const kind = useDestinationKind(endpoint.kind);
  const failures = useList(["attempts", app, endpoint.id, "failures"], () =>
    must(
      api.GET("/api/v1/app/{app_id}/attempt/endpoint/{endpoint_id}", {
        params: { path, query: { limit: 10, status: 2, with_content: false } },
      }),
    ).then((page) => ({ ...page, done: true })),
  );
  useLiveRefresh(
    [
      ["attempts", app, endpoint.id, "failures"],
      ["endpoint", app, endpoint.id],
    ],
    (event) => event.type === "attempt.recorded" && event.endpointId === endpoint.id,
  );
  // Stands below the shorter of the two cards beside each other.
  const details = <Details endpoint={endpoint} kind={kind?.title ?? endpoint.kind} />;
  return (
    <>
      <EndpointFirstSteps app={app} endpoint={endpoint} />
      <Blockers app={app} endpoint={endpoint.id} />
      {isPortal && <EndpointHealth app={app} endpoint={endpoint.id} />}
      <Columns>
        {/* Two stacks, so that no card is stretched to the height of those beside it. */}
        <Stack>
          <EndpointStateCard app={app} endpoint={endpoint.id} />
          {!isPortal && details}
        </Stack>
        <Stack>
          <LastDay app={app} id={endpoint.id} hasHealth={isPortal} />
          {isPortal && details}
          {endpoint.kind !== "http" && <EndpointConfig endpoint={endpoint} />}
        </Stack>
      </Columns>
      {endpoint.kind === "relay" && (
        <Listeners app={app} endpoint={endpoint.id} name={endpoint.url.replace("relay://", "")} />
      )}
      <Section
        title={t("endpoints.failures")}
        actions={
          <Link to="." search={{ tab: "attempts" } as never}>
            {t("endpoints.allAttempts")}
          </Link>
        }
      >
        <Attempts app={app} list={failures} none={t("endpoints.noFailures")} />
      </Section>
    </>
  );
}

function Details({ endpoint, kind }: { readonly endpoint: Endpoint; readonly kind: string }) {
  const { t } = useTranslation();
  const { id, uid, eventTypes, channels, createdAt } = endpoint;
  return (
    <Card title={t("endpoints.about")}>
      <Facts
        facts={[
          [t("messages.id"), <Copyable key="id" text={id} />],
          [t("destinations.kind"), kind],
          ...targetOf(t, endpoint),
          [t("applications.uid"), uid ?? "–"],
          [t("endpoints.types"), <Tags key="types" names={eventTypes} none={t("endpoints.allTypes")} />],
          [t("messages.channels"), <Tags key="channels" names={channels} none={t("endpoints.allTypes")} />],
          [t("applications.created"), <Time key="at" at={createdAt} />],
        ]}
      />
    </Card>
  );
}

/** The title of a page of another kind than webhooks does not show the whole target. */
function targetOf(t: TFunction, { kind, url }: Endpoint): readonly (readonly [string, ReactNode])[] {
  return kind === "http" || url === "" ? [] : [[t("destinations.target"), <Copyable key="target" text={url} />]];
}

interface LastDayProps {
  readonly app: string;
  readonly id: string;
  /** Whether the page has {@link EndpointHealth}, which shows the attempts and how many of them succeeded. */
  readonly hasHealth: boolean;
}

function LastDay({ app, id, hasHealth }: LastDayProps) {
  const { t, i18n } = useTranslation();
  const params = { path: { app_id: app }, query: { endpoint_id: id } };
  const summary = useQuery({
    queryKey: ["endpoint", app, id, "summary"],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/stats/summary", { params })),
  });
  const series = useQuery({
    queryKey: ["endpoint", app, id, "series"],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/stats/series", { params })),
    enabled: !hasHealth,
  });
  const waiting = useQuery({
    queryKey: ["endpoint", app, id, "stats"],
    queryFn: () =>
      must(
        api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/stats", {
          params: { path: { app_id: app, endpoint_id: id } },
        }),
      ),
  });
  const { language } = i18n;
  const { data } = summary;
  const success = data?.deliveries.successPercent;
  const attempts = data === undefined ? "–" : formatCompact(language, data.attempts.ok + data.attempts.failed);
  const rate = success === null || success === undefined ? "–" : formatPercent(language, success, 2);
  const numbers: readonly (readonly [string, string])[] = [
    ...(hasHealth
      ? []
      : ([
          [t("endpoints.attempts"), attempts],
          [t("home.success"), rate],
        ] as const)),
    [
      t("home.deliveryLatency"),
      data?.latency.p50 === null || data === undefined ? "–" : formatDuration(language, data.latency.p50),
    ],
    [t("deliveries.states.pending"), waiting.data === undefined ? "–" : formatCompact(language, waiting.data.pending)],
    [t("deliveries.states.retrying"), waiting.data === undefined ? "–" : formatCompact(language, waiting.data.sending)],
    [t("home.failed"), data === undefined ? "–" : formatCompact(language, data.deliveries.exhausted)],
  ];
  return (
    <Card title={t("endpoints.lastDay")}>
      <dl className={styles["numbers"]}>
        {numbers.map(([name, value]) => (
          <div key={name} className={styles["number"]}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {!hasHealth && (
        <Spark
          points={series.data?.points.map((point) => point.attempts) ?? []}
          label={t("endpoints.spark", { ok: data?.attempts.ok ?? 0, failed: data?.attempts.failed ?? 0 })}
        />
      )}
    </Card>
  );
}
