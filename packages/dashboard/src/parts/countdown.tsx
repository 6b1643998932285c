import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Time } from "../components/time.tsx";
import { regional } from "../lib/format.ts";
import styles from "./source-state.module.css";

/** Distance below which the seconds are counted. */
const COUNTED_MS = 3_600_000;

/** Time until a moment, by the second during the last hour. */
export function Countdown({ at }: { readonly at: string }) {
  const { t, i18n } = useTranslation();
  const [now, setNow] = useState(() => Date.now());
  const left = Date.parse(at) - now;
  const isCounted = left < COUNTED_MS;
  useEffect(() => {
    if (!isCounted) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isCounted]);
  if (!isCounted) return <Time at={at} />;
  return (
    <time dateTime={at} title={at} className={styles["countdown"]}>
      {left <= 0 ? t("watches.due") : inText(i18n.language, left)}
    </time>
  );
}

function inText(language: string, left: number): string {
  const seconds = Math.ceil(left / 1000);
  const part = (value: number, unit: "minute" | "second"): string =>
    new Intl.NumberFormat(regional(language), { style: "unit", unit, unitDisplay: "short" }).format(value);
  const parts = [...(seconds < 60 ? [] : [part(Math.floor(seconds / 60), "minute")]), part(seconds % 60, "second")];
  return new Intl.ListFormat(language, { style: "narrow", type: "unit" }).format(parts);
}
