import { CircleCheck, Clock, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import { formatDuration } from "../lib/format.ts";
import { isPressing, type Need } from "../lib/needs.ts";
import styles from "./home.module.css";

/** A wait that says that this server does not keep up. */
const BEHIND_SECONDS = 60;

interface VerdictProps {
  readonly now: components["schemas"]["StatsNowOut"] | undefined;
  /** What stands in the list below. */
  readonly needs: readonly Need[] | undefined;
}

/** One sentence that says whether somebody must do something. */
export function Verdict({ now, needs }: VerdictProps) {
  const { t, i18n } = useTranslation();
  if (now === undefined || needs === undefined) {
    return <div className={`${styles["verdict"]} ${styles["neutral"]}`}>{t("list.loading")}</div>;
  }
  const wait = now.waiting.oldestWaitSeconds;
  const pressing = needs.filter(isPressing);
  const endpoints = pressing.filter(({ kind }) => kind === "endpoint").length;
  const behind = wait > BEHIND_SECONDS;
  const tone = pressing.some((need) => need.tone === "bad") ? "bad" : pressing.length > 0 || behind ? "warn" : "good";
  const Icon = tone === "good" ? CircleCheck : pressing.length > 0 ? TriangleAlert : Clock;
  const sentence =
    endpoints > 0
      ? t("home.health.endpoints", { count: endpoints })
      : behind
        ? t("home.health.behind", { wait: formatDuration(i18n.language, wait * 1000) })
        : pressing.length > 0
          ? t("home.health.other", { count: pressing.length })
          : t("home.health.good");
  return (
    <div className={`${styles["verdict"]} ${styles[tone]}`} role="status">
      <Icon aria-hidden />
      <p>{sentence}</p>
    </div>
  );
}
