import { useTranslation } from "react-i18next";
import { Page } from "../components/page.tsx";

export function Home() {
  const { t } = useTranslation();
  return (
    <Page title={t("home.title")}>
      <p>{t("home.welcome")}</p>
    </Page>
  );
}
