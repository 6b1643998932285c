import { useTranslation } from "react-i18next";
import { basePath } from "../lib/base.ts";
import styles from "./notices.module.css";

/** Link to the licences of the bundled packages. */
export function NoticesLink() {
  const { t } = useTranslation();
  return (
    <a href={`${basePath()}/third-party-notices.txt`} className={styles["notices"]} target="_blank" rel="noreferrer">
      {t("app.notices")}
    </a>
  );
}
