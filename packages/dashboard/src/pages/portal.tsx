import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../components/page.tsx";
import { AttemptView } from "../parts/attempt-view.tsx";
import { EndpointView } from "../parts/endpoint-view.tsx";
import { Endpoints } from "../parts/endpoints.tsx";
import { MessageList } from "../parts/message-list.tsx";
import { MessageView } from "../parts/message-view.tsx";
import { NewEndpoint } from "../parts/new-endpoint.tsx";
import { useApplication } from "../session/use-application.ts";

export function PortalEndpoints() {
  const { t } = useTranslation();
  const app = useApplication();
  return (
    <Page title={t("endpoints.title")} actions={<NewEndpoint app={app} />}>
      <Endpoints app={app} />
    </Page>
  );
}

export function PortalMessages() {
  const { t } = useTranslation();
  const filter = useSearch({ from: "/portal/messages" });
  const navigate = useNavigate({ from: "/portal/messages" });
  return (
    <Page title={t("messages.title")}>
      <MessageList app={useApplication()} filter={filter} onFilter={(search) => void navigate({ search })} />
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

export function PortalAttempt() {
  const { message, attempt } = useParams({ from: "/portal/messages/$message/attempts/$attempt" });
  return <AttemptView app={useApplication()} message={message} id={attempt} />;
}
