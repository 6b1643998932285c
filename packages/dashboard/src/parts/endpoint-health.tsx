import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Chart } from "../components/chart.tsx";
import { Card, Facts } from "../components/page.tsx";
import { Failed } from "../components/state.tsx";
import { formatCompact, formatNumber, formatPercent } from "../lib/format.ts";
import { sinceOf } from "../lib/time-window.ts";

const WINDOWS = ["24h", "7d"] as const;
const STALE_MS = 60_000;

/** Attempts of an endpoint over time, with the success rate of the chosen window. */
export function EndpointHealth({ app, endpoint }: { readonly app: string; readonly endpoint: string }) {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  const [window, setWindow] = useState<(typeof WINDOWS)[number]>("24h");
  const since = sinceOf(window);
  const series = useQuery({
    queryKey: ["endpoint", app, endpoint, "health", since],
    queryFn: () =>
      must(
        api.GET("/api/v1/app/{app_id}/stats/series", {
          params: { path: { app_id: app }, query: { endpoint_id: endpoint, since } },
        }),
      ),
    staleTime: STALE_MS,
  });
  const points = series.data?.points ?? [];
  const total = (name: "ok" | "failed"): number => points.reduce((sum, { attempts }) => sum + attempts[name], 0);
  const [ok, failed] = [total("ok"), total("failed")];
  return (
    <Card
      title={t("portal.chart.title")}
      lead={t("portal.chart.lead")}
      actions={
        <span role="group" aria-label={t("filters.range")}>
          {WINDOWS.map((name) => (
            <Button key={name} small kind="quiet" aria-pressed={name === window} onClick={() => setWindow(name)}>
              {t(`filters.short.${name}`)}
            </Button>
          ))}
        </span>
      }
    >
      {series.error !== null && <Failed error={series.error} retry={() => void series.refetch()} />}
      {series.data !== undefined && ok + failed === 0 ? (
        <p className="muted">{t("portal.chart.none")}</p>
      ) : (
        <>
          <Facts
            facts={[
              [
                t("portal.chart.rate"),
                ok + failed === 0 ? "–" : formatPercent(language, (100 * ok) / (ok + failed), 1),
              ],
              [t("portal.chart.attempts"), formatNumber(language, ok + failed)],
            ]}
          />
          <Chart
            label={t("portal.chart.title")}
            kind="bars"
            times={points.map(({ at }) => Date.parse(at) / 1000)}
            series={[
              {
                label: t("portal.chart.succeeded"),
                colour: "--chart-good",
                values: points.map(({ attempts }) => attempts.ok),
              },
              {
                label: t("portal.chart.failed"),
                colour: "--chart-bad",
                values: points.map(({ attempts }) => attempts.failed),
              },
            ]}
            format={(value) => formatCompact(language, value)}
          />
        </>
      )}
    </Card>
  );
}
