import { Link, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/state.tsx";

/** Shown for an unknown path of the dashboard or the portal. */
export function NotFound() {
  const { t } = useTranslation();
  const inPortal = useRouterState({ select: ({ location }) => location.pathname.startsWith("/portal") });
  return (
    <Page title={t("notFound.title")}>
      <Empty action={<Link to={inPortal ? "/portal" : "/"}>{t(inPortal ? "notFound.portal" : "notFound.back")}</Link>}>
        {t("notFound.text")}
      </Empty>
    </Page>
  );
}
