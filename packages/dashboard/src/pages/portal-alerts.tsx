/** Alerts of a customer about their own endpoints. */
import { useTranslation } from "react-i18next";
import { Page } from "../components/page.tsx";
import { AlertRecipients } from "../parts/alert-recipients.tsx";
import { useApplication } from "../session/use-application.ts";

export function PortalAlerts() {
  const { t } = useTranslation();
  return (
    <Page title={t("portal.nav.alerts")} lead={t("portal.alerts.lead")}>
      <AlertRecipients app={useApplication()} />
    </Page>
  );
}
