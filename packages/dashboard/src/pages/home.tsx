/** Overview page: health, figures, charts, and items that need attention. Every figure links to the list behind it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { loadTexts } from "../i18n/i18n.ts";
import { Chart } from "../components/chart.tsx";
import { Card, Columns, Page } from "../components/page.tsx";
import { Failed } from "../components/state.tsx";
import { formatCompact, formatDuration } from "../lib/format.ts";
import { WindowPicker } from "../components/window-picker.tsx";
import { TIME_WINDOWS, usualRange, sinceOf, STEP_MS, WINDOW_STEPS } from "../lib/time-window.ts";
import { firstRunState, keepFirstRunState, showsFirstRun } from "../lib/first-run.ts";
import type { MessageState } from "../lib/message-filter.ts";
import { attentionItems, isUrgent } from "../lib/attention.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { NeedsAttention } from "./home-attention.tsx";
import { Tiles } from "./home-tiles.tsx";
import { HealthSummary } from "./home-health.tsx";

type Series = components["schemas"]["StatsSeriesOut"];

/** Loaded on new servers only. */
const FirstRun = lazy(async () => {
  const [{ FirstRun: component }] = await Promise.all([import("./first-run.tsx"), loadTexts()]);
  return { default: component };
});

const EVERY_MS = 15_000;
const SLOW_STALE_MS = 300_000;

/** Whether the first steps are shown. They stay until the reader hides them. */
function useFirstRun() {
  const [state, setState] = useState(firstRunState);
  const newest = useQuery({
    queryKey: ["first-run", "newest"],
    queryFn: () => must(api.GET("/api/v1/message", { params: { query: { limit: 1, direction: "out" } } })),
    enabled: state !== "hidden",
    staleTime: 3000,
  });
  const hasMessages = newest.data && newest.data.data.length > 0;
  const isShown = showsFirstRun(state, hasMessages === undefined ? undefined : !hasMessages);
  const hide = (): void => {
    keepFirstRunState("hidden");
    setState("hidden");
  };
  if (isShown && state === "new") setState("open");
  useEffect(() => {
    if (state === "open") keepFirstRunState("open");
  }, [state]);
  return { isShown, hasMessages: hasMessages === true, hide };
}

export function Home() {
  const { t } = useTranslation();
  const window = useSearch({ from: "/operator/" }).window ?? "24h";
  const now = useQuery({
    queryKey: ["stats", "now"],
    queryFn: () => must(api.GET("/api/v1/stats/now")),
    refetchInterval: EVERY_MS,
  });
  const summary = useQuery({
    queryKey: ["stats", "summary", window],
    queryFn: () => {
      const query = { since: sinceOf(window), step: WINDOW_STEPS[window].sums };
      return must(api.GET("/api/v1/stats/summary", { params: { query } }));
    },
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
  const usual = useQuery({
    queryKey: ["stats", "summary-usual", window],
    queryFn: () => {
      const query = { ...usualRange(window), step: "hour" as const };
      return must(api.GET("/api/v1/stats/summary", { params: { query } }));
    },
    staleTime: SLOW_STALE_MS,
  });
  const series = useQuery({
    queryKey: ["stats", "series", window],
    queryFn: () => {
      const query = { since: sinceOf(window), step: WINDOW_STEPS[window].points };
      return must(api.GET("/api/v1/stats/series", { params: { query } }));
    },
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
  const storage = useQuery({
    queryKey: ["storage"],
    queryFn: () => must(api.GET("/api/v1/stats/storage")),
    staleTime: SLOW_STALE_MS,
  });
  useLiveRefresh([["stats"], ["first-run"]], () => true, 5000);
  const firstRun = useFirstRun();
  const error = now.error ?? summary.error ?? series.error;
  if (error !== null && now.data === undefined) return <Failed error={error} retry={() => void now.refetch()} />;
  // Until then, only placeholders are shown, so that nothing that is already on the screen moves.
  const isLoading = now.isPending || summary.isPending;
  const items = now.data === undefined ? undefined : attentionItems(now.data, storage.data?.fullInDays ?? null);
  return (
    <Page title={t("home.title")} actions={<WindowPicker windows={TIME_WINDOWS} current={window} />}>
      {firstRun.isShown && (
        <Suspense fallback={null}>
          <FirstRun hasMessages={firstRun.hasMessages} onHide={firstRun.hide} />
        </Suspense>
      )}
      {/* An empty server has nothing else to show. */}
      {(firstRun.hasMessages || !firstRun.isShown) && (
        <>
          <HealthSummary now={isLoading ? undefined : now.data} items={items} />
          <NeedsAttention items={isLoading ? undefined : items} />
          {!isLoading && (
            <>
              <Tiles
                now={now.data}
                summary={summary.data}
                usual={usual.data}
                urgent={items?.filter((item) => item.kind === "endpoint" && isUrgent(item)).length ?? 0}
                storage={storage.data}
                window={window}
              />
              <Columns>
                <Card title={t("home.outcomes")}>
                  <Outcomes series={series.data} />
                </Card>
                <Card title={t("home.latency")} lead={t("home.latencyLead")}>
                  <Latency series={series.data} />
                </Card>
              </Columns>
            </>
          )}
        </>
      )}
    </Page>
  );
}

/** Link to the messages of one point of a series, optionally of one delivery state. */
function messagesOf(series: Series, index: number, state?: MessageState) {
  const after = series.points[index]!.at;
  const before = new Date(Date.parse(after) + STEP_MS[series.step]).toISOString();
  return { to: "/messages", search: { after, before, ...(state === undefined ? {} : { state }) } } as const;
}

/** Delivery states of the stacked bars, bottom first. */
const OUTCOME_STATES = ["succeeded", "succeeded", "failed"] as const;

function Outcomes({ series }: { readonly series: Series | undefined }) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const points = series?.points ?? [];
  return (
    <Chart
      label={t("home.outcomes")}
      kind="bars"
      times={points.map(({ at }) => Date.parse(at) / 1000)}
      series={[
        {
          label: t("home.firstAttempt"),
          colour: "--chart-good",
          values: points.map((point) => point.deliveries.firstTry),
        },
        { label: t("home.later"), colour: "--chart-warn", values: points.map((point) => point.deliveries.later) },
        {
          label: t("home.exhausted"),
          colour: "--chart-bad",
          values: points.map((point) => point.deliveries.exhausted),
        },
      ]}
      format={(value) => formatCompact(i18n.language, value)}
      onPick={(index, bar) => {
        const state = bar === null ? undefined : OUTCOME_STATES[bar];
        if (series !== undefined) void navigate(messagesOf(series, index, state));
      }}
      rowLink={(index, text) => <Link {...messagesOf(series!, index)}>{text}</Link>}
    />
  );
}

function Latency({ series }: { readonly series: Series | undefined }) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const points = series?.points ?? [];
  return (
    <Chart
      label={t("home.latency")}
      kind="durations"
      times={points.map(({ at }) => Date.parse(at) / 1000)}
      series={[
        { label: "p50", colour: "--chart-good", values: points.map(({ latency }) => latency.p50) },
        { label: "p95", colour: "--chart-info", values: points.map(({ latency }) => latency.p95) },
        { label: "p99", colour: "--chart-warn", values: points.map(({ latency }) => latency.p99) },
      ]}
      format={(value) => formatDuration(i18n.language, value)}
      onPick={(index) => series !== undefined && void navigate(messagesOf(series, index, "succeeded"))}
      rowLink={(index, text) => <Link {...messagesOf(series!, index, "succeeded")}>{text}</Link>}
    />
  );
}
