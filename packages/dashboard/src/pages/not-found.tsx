import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../components/page.tsx";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t("notFound.title")}>
      <Link to="/">{t("notFound.back")}</Link>
    </Page>
  );
}
