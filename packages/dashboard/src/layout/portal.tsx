/** The portal: one customer, by the link that the product gave them, often in a frame. */
import { Link, Outlet } from "@tanstack/react-router";
import { Trans, useTranslation } from "react-i18next";
import { Empty } from "../components/state.tsx";
import { FaceContext, type Face } from "../session/face.ts";
import { useSession } from "../session/use-session.ts";
import styles from "./portal.module.css";

const PORTAL: Face = {
  kind: "portal",
  endpoint: (_app, endpoint) => ({ to: "/portal/endpoints/$endpoint", params: { endpoint } }),
  message: (_app, message) => ({ to: "/portal/messages/$message", params: { message } }),
  attempt: (_app, message, attempt) => ({
    to: "/portal/messages/$message/attempts/$attempt",
    params: { message, attempt },
  }),
  crumbs: () => [
    <Link key="all" to="/portal">
      <Trans i18nKey="endpoints.title" />
    </Link>,
  ],
};

export function Portal() {
  const { t } = useTranslation();
  const session = useSession();
  if (session === null) return <Empty>{t("signIn.portal")}</Empty>;
  return (
    <FaceContext value={PORTAL}>
      <div className={styles["portal"]}>
        <nav className={styles["nav"]} aria-label={t("app.menu")}>
          <Link to="/portal" className={styles["tab"]} activeOptions={{ exact: true }}>
            {t("endpoints.title")}
          </Link>
          <Link to="/portal/messages" className={styles["tab"]}>
            {t("messages.title")}
          </Link>
        </nav>
        <main>
          <Outlet />
        </main>
      </div>
    </FaceContext>
  );
}
