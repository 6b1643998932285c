import { Progress as BaseProgress } from "@base-ui/react/progress";
import styles from "./progress.module.css";

/** Progress bar with its percentage. */
export function Progress({ percent, label }: { readonly percent: number; readonly label: string }) {
  return (
    <BaseProgress.Root value={percent} className={styles["progress"]} aria-label={label}>
      <BaseProgress.Track className={styles["track"]}>
        <BaseProgress.Indicator className={styles["bar"]} />
      </BaseProgress.Track>
      <span className="numeric">{percent} %</span>
    </BaseProgress.Root>
  );
}
