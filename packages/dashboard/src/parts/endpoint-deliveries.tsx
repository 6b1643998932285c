/** Success rate and last delivery of an endpoint, for lists of few endpoints, because each needs a separate request. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Time } from "../components/time.tsx";
import { Spark } from "../components/chart.tsx";
import { formatPercent } from "../lib/format.ts";
import styles from "./endpoint-deliveries.module.css";

interface Ref {
  readonly app: string;
  readonly endpoint: string;
}

const HOUR_MS = 3_600_000;
const HOURS = 24;
const STALE_MS = 60_000;

/** Share of the attempts of the last 24 hours that succeeded. */
export function EndpointSuccess({ app, endpoint }: Ref) {
  const { i18n } = useTranslation();
  const { data } = useQuery({
    queryKey: ["endpoint", app, endpoint, "success"],
    queryFn: () => {
      const since = new Date((Math.floor(Date.now() / HOUR_MS) - HOURS) * HOUR_MS).toISOString();
      const path = { app_id: app, endpoint_id: endpoint };
      return must(
        api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/attempt-stats", { params: { path, query: { since } } }),
      );
    },
    staleTime: STALE_MS,
  });
  const attempts = data === undefined ? 0 : data.success + data.fail;
  return <>{attempts === 0 ? "–" : formatPercent(i18n.language, (data!.success * 100) / attempts, 1)}</>;
}

/** Attempts of the last 24 hours as small bars. */
export function EndpointSpark({ app, endpoint }: Ref) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ["endpoint", app, endpoint, "series"],
    queryFn: () =>
      must(
        api.GET("/api/v1/app/{app_id}/stats/series", {
          params: { path: { app_id: app }, query: { endpoint_id: endpoint } },
        }),
      ),
    staleTime: STALE_MS,
  });
  const points = data?.points.map(({ attempts }) => attempts) ?? [];
  const total = (name: "ok" | "failed"): number => points.reduce((sum, point) => sum + point[name], 0);
  return (
    <span className={styles["spark"]}>
      <Spark points={points} label={t("endpoints.spark", { ok: total("ok"), failed: total("failed") })} />
    </span>
  );
}

/** When the newest attempt was made. */
export function EndpointLastDelivery({ app, endpoint }: Ref) {
  const { t } = useTranslation();
  const { data } = useLastAttempt({ app, endpoint });
  if (data === undefined) return <>–</>;
  return data === null ? <>{t("endpoints.noDelivery")}</> : <Time at={data.timestamp} relative />;
}

/** The newest attempt; `null`: there is none. */
export function useLastAttempt({ app, endpoint }: Ref) {
  return useQuery({
    queryKey: ["attempts", app, endpoint, "last"],
    queryFn: async () => {
      const path = { app_id: app, endpoint_id: endpoint };
      const query = { limit: 1, with_content: false };
      const page = await must(
        api.GET("/api/v1/app/{app_id}/attempt/endpoint/{endpoint_id}", { params: { path, query } }),
      );
      return page.data[0] ?? null;
    },
    staleTime: STALE_MS,
  });
}
