import { useTranslation } from "react-i18next";
import { Copy } from "./copy.tsx";
import styles from "./payload.module.css";

/** A body as text; never as markup, whatever it says it is. */
export function Payload({
  text,
  label,
  contentType,
}: {
  readonly text: string;
  readonly label: string;
  readonly contentType?: string;
}) {
  const { t } = useTranslation();
  const size = new TextEncoder().encode(text).length;
  return (
    <div className={styles["box"]}>
      <div className={styles["head"]}>
        {contentType !== undefined && <code>{contentType}</code>}
        <span>{t("payload.size", { size })}</span>
        <Copy text={text} />
      </div>
      <pre className={styles["body"]} tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
    </div>
  );
}
