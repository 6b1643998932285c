/** Placeholders for empty, loading and failed content, and notes. */
import { Inbox, TriangleAlert } from "lucide-react";
import { createContext, type ReactNode, useContext } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";
import { ErrorText } from "./error-text.tsx";
import styles from "./state.module.css";

/** Link to the documentation of the page, at the end of each empty state. */
export const EmptyHelp = createContext<ReactNode>(null);

export function Empty({ children, action }: { readonly children: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className={styles["box"]}>
      <Inbox className={styles["icon"]} aria-hidden />
      <p>{children}</p>
      {action}
      {useContext(EmptyHelp)}
    </div>
  );
}

export function Failed({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles["box"]} role="alert">
      <TriangleAlert className={styles["icon"]} aria-hidden />
      <p>
        <strong>{t("list.failed")}</strong>
        <br />
        <span className={styles["error"]}>
          <ErrorText error={error} />
        </span>
      </p>
      {retry !== undefined && <Button onClick={retry}>{t("list.retry")}</Button>}
    </div>
  );
}

/** Skeleton that reserves space for the content, so that the layout does not shift. */
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

/** Note with an optional action. */
export function Note({
  tone = "info",
  action,
  children,
}: {
  readonly tone?: "info" | "warn" | "bad" | "good";
  readonly action?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className={`${styles["note"]} ${tone === "info" ? "" : styles[tone]}`} role="status">
      <div>{children}</div>
      {action}
    </div>
  );
}
