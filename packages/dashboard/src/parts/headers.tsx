import { useTranslation } from "react-i18next";
import styles from "./attempt-view.module.css";

export interface HeadersProps {
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
  /** Not all headers were stored. */
  readonly cut?: boolean;
}

/** Table of HTTP headers. Values that may be secrets are not stored. */
export function Headers({ headers, cut = false }: HeadersProps) {
  const { t } = useTranslation();
  return (
    <table className={styles["headers"]} aria-label={t("attempts.headers")}>
      <tbody>
        {headers.map(({ name, value }, index) => (
          <tr key={index}>
            <th scope="row">{name}</th>
            <td>{value === null ? <span className="muted">{t("attempts.hidden")}</span> : <code>{value}</code>}</td>
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
