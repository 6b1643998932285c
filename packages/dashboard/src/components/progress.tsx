import { Progress as BaseProgress } from "@base-ui/react/progress";
import { useTranslation } from "react-i18next";
import { formatPercent } from "../lib/format.ts";
import styles from "./progress.module.css";

/** Progress bar with its percentage. */
export function Progress({ percent, label }: { readonly percent: number; readonly label: string }) {
  const { i18n } = useTranslation();
  return (
    <BaseProgress.Root value={percent} className={styles["progress"]} aria-label={label}>
      <BaseProgress.Track className={styles["track"]}>
        <BaseProgress.Indicator className={styles["bar"]} />
      </BaseProgress.Track>
      <span className="numeric">{formatPercent(i18n.language, percent)}</span>
    </BaseProgress.Root>
  );
}
