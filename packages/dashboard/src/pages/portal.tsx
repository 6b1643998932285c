import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../components/page.tsx";
import { EndpointView } from "../parts/endpoint-view.tsx";
import { Endpoints } from "../parts/endpoints.tsx";
import { MessageView } from "../parts/message-view.tsx";
import { Messages } from "../parts/messages.tsx";
import { useApplication } from "../session/use-application.ts";

export function PortalEndpoints() {
  const { t } = useTranslation();
  return (
    <Page title={t("endpoints.title")}>
      <Endpoints app={useApplication()} />
    </Page>
  );
}

export function PortalMessages() {
  const { t } = useTranslation();
  return (
    <Page title={t("messages.title")}>
      <Messages app={useApplication()} />
    </Page>
  );
}

export function PortalEndpoint() {
  const { endpoint } = useParams({ from: "/portal/endpoints/$endpoint" });
  return <EndpointView app={useApplication()} id={endpoint} />;
}

export function PortalMessage() {
  const { message } = useParams({ from: "/portal/messages/$message" });
  return <MessageView app={useApplication()} id={message} />;
}
