import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { TimeWindow } from "../lib/time-window.ts";
import styles from "./window-picker.module.css";

export interface WindowPickerProps {
  readonly windows: readonly TimeWindow[];
  readonly current: TimeWindow;
}

/** Links that set the time window in the URL of the page. The default of 24 hours is left out of the URL. */
export function WindowPicker({ windows, current }: WindowPickerProps) {
  const { t } = useTranslation();
  return (
    <nav className={styles["segments"]} aria-label={t("home.window")}>
      {windows.map((name) => (
        <Link
          key={name}
          to="."
          search={name === "24h" ? {} : { window: name }}
          className={styles["segment"]}
          activeProps={{ "aria-current": name === current ? "true" : undefined }}
          activeOptions={{ exact: true, includeSearch: true }}
          aria-current={name === current ? "true" : undefined}
        >
          {t(`filters.short.${name}`)}
        </Link>
      ))}
    </nav>
  );
}
