import { useTranslation } from "react-i18next";
import { formatDuration } from "../lib/format.ts";
import styles from "./attempt-view.module.css";

const PHASES = [
  ["queue", "queueMs"],
  ["dns", "dnsMs"],
  ["connect", "connectMs"],
  ["tls", "tlsMs"],
  ["wait", "firstByteMs"],
  ["body", "bodyMs"],
] as const;

export type Timings = Readonly<Record<(typeof PHASES)[number][1] | "totalMs", number | null>>;

/** Bar chart of the phases of an attempt, each positioned at its start. */
export function Waterfall({ timings }: { readonly timings: Timings }) {
  const { t, i18n } = useTranslation();
  const total = Math.max(
    timings.totalMs ?? 0,
    PHASES.reduce((sum, [, key]) => sum + (timings[key] ?? 0), 0),
    0.1,
  );
  const begins = PHASES.map((_, index) =>
    PHASES.slice(0, index).reduce((sum, [, key]) => sum + (timings[key] ?? 0), 0),
  );
  return (
    <dl className={styles["waterfall"]}>
      {PHASES.map(([name, key], index) => {
        const ms = timings[key];
        return (
          <Phase
            key={name}
            name={t(`attempts.phase.${name}`)}
            phase={name}
            left={(100 * begins[index]!) / total}
            width={(100 * (ms ?? 0)) / total}
            text={ms === null ? "–" : formatDuration(i18n.language, ms)}
          />
        );
      })}
      <dt>
        <strong>{t("attempts.phase.total")}</strong>
      </dt>
      <dd />
      <dd className={styles["ms"]}>
        <strong>{timings.totalMs === null ? "–" : formatDuration(i18n.language, timings.totalMs)}</strong>
      </dd>
    </dl>
  );
}

interface PhaseProps {
  readonly name: string;
  readonly phase: string;
  readonly left: number;
  readonly width: number;
  readonly text: string;
}

function Phase({ name, phase, left, width, text }: PhaseProps) {
  return (
    <>
      <dt className="muted">{name}</dt>
      <dd className={styles["track"]}>
        {width > 0 && (
          <span className={styles["bar"]} data-phase={phase} style={{ left: `${left}%`, width: `${width}%` }} />
        )}
      </dd>
      <dd className={styles["ms"]}>{text}</dd>
    </>
  );
}
