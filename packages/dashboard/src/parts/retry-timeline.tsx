import { useTranslation } from "react-i18next";
import { formatDuration, formatPercent } from "../lib/format.ts";
import { fromText } from "../lib/policy.ts";
import { type RetryBackoff, retryTimeline } from "../lib/retry-timeline.ts";
import styles from "./retry-timeline.module.css";

export interface RetryTimelineProps {
  /** The backoff as typed; empty: the effective one. */
  readonly typed: string;
  readonly holds: RetryBackoff;
  readonly maxAgeSeconds: number;
}

/** The attempts that the retry policy in the form allows, with the wait before each. */
export function RetryTimeline({ typed, holds, maxAgeSeconds }: RetryTimelineProps) {
  const { t, i18n } = useTranslation();
  const backoff = backoffOf(typed, holds);
  if (backoff === null) return null;
  const { steps, totalMs, bound, jitter, tooLate } = retryTimeline(backoff, maxAgeSeconds);
  const duration = (ms: number): string => formatDuration(i18n.language, ms);
  return (
    <div className={styles["timeline"]} aria-live="polite">
      <p>
        {steps.length === 0
          ? t("policy.timeline.single")
          : t(`policy.timeline.${bound}`, { count: steps.length + 1, total: duration(totalMs) })}
        {bound === "least" && jitter > 0 && steps.length > 0 && (
          <> {t("policy.timeline.jitter", { share: formatPercent(i18n.language, 100 * jitter) })}</>
        )}
        {tooLate > 0 && <> {t("policy.timeline.tooLate", { count: tooLate })}</>}
      </p>
      {steps.length > 0 && (
        <ol aria-label={t("policy.timeline.title")}>
          <li>{t("policy.timeline.now")}</li>
          {steps.map(({ waitMs, atMs }, index) => (
            <li key={index}>
              {duration(waitMs)}
              {index > 0 && <span className="muted"> {t("policy.timeline.after", { total: duration(atMs) })}</span>}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** `null` while the typed text is not a valid backoff. */
function backoffOf(typed: string, holds: RetryBackoff): RetryBackoff | null {
  try {
    return (fromText("backoff", typed) as RetryBackoff | null) ?? holds;
  } catch {
    return null;
  }
}
