import { CircleCheck, Clock, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import { formatDuration } from "../lib/format.ts";
import styles from "./home.module.css";

/** A wait that says that this server does not keep up. */
const BEHIND_SECONDS = 60;

/** One sentence that says whether somebody must do something. */
export function Verdict({ now }: { readonly now: components["schemas"]["StatsNowOut"] | undefined }) {
  const { t, i18n } = useTranslation();
  if (now === undefined) return <div className={`${styles["verdict"]} ${styles["neutral"]}`}>{t("list.loading")}</div>;
  const { inTrouble } = now.endpoints;
  const wait = now.waiting.oldestWaitSeconds;
  const off = inTrouble.filter(({ trouble }) => trouble === "disabled").length;
  const tone = off > 0 ? "bad" : inTrouble.length > 0 || wait > BEHIND_SECONDS ? "warn" : "good";
  const Icon = tone === "good" ? CircleCheck : inTrouble.length > 0 ? TriangleAlert : Clock;
  const sentence =
    inTrouble.length > 0
      ? t("home.verdict.trouble", { count: inTrouble.length })
      : wait > BEHIND_SECONDS
        ? t("home.verdict.behind", { wait: formatDuration(i18n.language, wait * 1000) })
        : t("home.verdict.good");
  return (
    <div className={`${styles["verdict"]} ${styles[tone]}`} role="status">
      <Icon aria-hidden />
      <p>{sentence}</p>
    </div>
  );
}
