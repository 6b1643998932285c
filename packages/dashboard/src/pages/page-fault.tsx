import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/state.tsx";

/** Shown when a page fails to load or render, for example after an update of the server. */
export function PageFault() {
  const { t } = useTranslation();
  return (
    <Page title={t("errors.page")}>
      <Empty action={<Button onClick={() => location.reload()}>{t("errors.reload")}</Button>}>
        {t("errors.pageText")}
      </Empty>
    </Page>
  );
}
