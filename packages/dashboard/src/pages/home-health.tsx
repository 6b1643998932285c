import { CircleCheck, Clock, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import { formatDuration } from "../lib/format.ts";
import { isUrgent, type AttentionItem } from "../lib/attention.ts";
import styles from "./home.module.css";

/** Age of the oldest pending delivery above which the server counts as overloaded. */
const BEHIND_SECONDS = 60;

interface HealthSummaryProps {
  readonly now: components["schemas"]["StatsNowOut"] | undefined;
  /** Items of the list below; `undefined` while loading. */
  readonly items: readonly AttentionItem[] | undefined;
}

/** Health of the platform in one sentence. */
export function HealthSummary({ now, items }: HealthSummaryProps) {
  const { t, i18n } = useTranslation();
  if (now === undefined || items === undefined) {
    return <div className={`${styles["health"]} ${styles["neutral"]}`}>{t("list.loading")}</div>;
  }
  const wait = now.waiting.oldestWaitSeconds;
  const urgent = items.filter(isUrgent);
  const endpoints = urgent.filter(({ kind }) => kind === "endpoint");
  const down = endpoints.filter(({ tone }) => tone === "bad").length;
  const degraded = endpoints.length - down;
  // The server lists a limited number of endpoints.
  const shown = (value: number): string => `${value}${now.endpoints.more ? "+" : ""}`;
  const behind = wait > BEHIND_SECONDS;
  const tone = urgent.some((item) => item.tone === "bad") ? "bad" : urgent.length > 0 || behind ? "warn" : "good";
  const Icon = tone === "good" ? CircleCheck : urgent.length > 0 ? TriangleAlert : Clock;
  const sentence =
    endpoints.length > 0
      ? degraded === 0
        ? t("home.health.endpoints", { count: down, value: shown(down) })
        : down === 0
          ? t("home.health.degraded", { count: degraded, value: shown(degraded) })
          : t("home.health.both", { down: shown(down), degraded: shown(degraded) })
      : behind
        ? t("home.health.behind", { wait: formatDuration(i18n.language, wait * 1000) })
        : urgent.length > 0
          ? t("home.health.other", { count: urgent.length })
          : t("home.health.good");
  return (
    <div className={`${styles["health"]} ${styles[tone]}`} role="status">
      <Icon aria-hidden />
      <p>{sentence}</p>
    </div>
  );
}
