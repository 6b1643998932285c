import { useTranslation } from "react-i18next";
import styles from "./attempt-view.module.css";

export interface HeadersProps {
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
  /** There were more than are kept. */
  readonly cut?: boolean;
}

/** Headers of HTTP as they were sent or came; a value that may be a secret is not there. */
export function Headers({ headers, cut = false }: HeadersProps) {
  const { t } = useTranslation();
  return (
    <table className={styles["headers"]} aria-label={t("attempts.headers")}>
      <tbody>
        {headers.map(({ name, value }, index) => (
          <tr key={index}>
            <th scope="row">{name}</th>
            <td>{value ?? <span className="muted">{t("attempts.hidden")}</span>}</td>
          </tr>
        ))}
        {cut && (
          <tr>
            <td colSpan={2} className="muted">
              {t("attempts.headersCut")}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
