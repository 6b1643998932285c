import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Card } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { WindowPicker } from "../components/window-picker.tsx";
import { formatNumber, formatPercent } from "../lib/format.ts";
import { sinceOf } from "../lib/time-window.ts";
import styles from "./source-funnel.module.css";

const EVERY_MS = 5000;
/** Counts are kept by hour, for 31 days. */
const WINDOWS = ["24h", "7d", "30d"] as const;
const STEPS = ["received", "verified", "duplicates", "quarantined", "routed", "unrouted"] as const;
/** Tabs that list what a step counts. */
const TABS = { quarantined: "quarantine", routed: "events", unrouted: "routes" } as const;

/** Results of the requests of a source in the chosen window. */
export function SourceFunnel({ source }: { readonly source: string }) {
  const { t, i18n } = useTranslation();
  const chosen = useSearch({ from: "/operator/sources/$source" }).window;
  const window = WINDOWS.find((name) => name === chosen) ?? "24h";
  const since = sinceOf(window);
  const funnel = useQuery({
    queryKey: ["source", source, "funnel", since],
    queryFn: () =>
      must(
        api.GET("/ingest/api/v1/source/{source_id}/funnel", {
          params: { path: { source_id: source }, query: { since } },
        }),
      ),
    refetchInterval: EVERY_MS,
  });
  return (
    <Card
      title={t("funnel.title")}
      lead={t("funnel.lead")}
      actions={<WindowPicker windows={WINDOWS} current={window} />}
    >
      {funnel.error !== null && <Failed error={funnel.error} retry={() => void funnel.refetch()} />}
      {funnel.isLoading && <Loading lines={6} />}
      {funnel.data !== undefined && (
        <dl className={styles["funnel"]}>
          {STEPS.map((step) => {
            const count = funnel.data[step];
            const percent = funnel.data.received === 0 ? 0 : (100 * count) / funnel.data.received;
            return (
              <div key={step} className={styles["step"]} data-step={step}>
                <dt>
                  {step in TABS && count > 0 ? (
                    <Link to="." search={{ tab: TABS[step as keyof typeof TABS] }}>
                      {t(`funnel.steps.${step}`)}
                    </Link>
                  ) : (
                    t(`funnel.steps.${step}`)
                  )}
                </dt>
                <dd>
                  <span className={styles["track"]} aria-hidden>
                    <span className={styles["bar"]} style={{ inlineSize: `${percent}%` }} />
                  </span>
                  <span className="numeric">{formatNumber(i18n.language, count)}</span>
                  <span className={styles["share"]}>
                    {funnel.data.received > 0 && formatPercent(i18n.language, percent)}
                  </span>
                </dd>
              </div>
            );
          })}
        </dl>
      )}
    </Card>
  );
}
