/** What stands where there is nothing to show: not yet, not at all, or because of a fault. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";
import styles from "./state.module.css";

export function Empty({ children, action }: { readonly children: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className={styles["box"]}>
      <p>{children}</p>
      {action}
    </div>
  );
}

export function Failed({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles["box"]} role="alert">
      <p className={styles["error"]}>
        {t("list.failed")}: {error.message}
      </p>
      {retry !== undefined && <Button onClick={retry}>{t("list.retry")}</Button>}
    </div>
  );
}

/** Takes the room that the content will take, so that nothing jumps when it comes. */
export function Loading({ lines = 6 }: { readonly lines?: number }) {
  const { t } = useTranslation();
  return (
    <div className={styles["bars"]} role="status" aria-label={t("list.loading")}>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className={styles["bar"]} />
      ))}
    </div>
  );
}
