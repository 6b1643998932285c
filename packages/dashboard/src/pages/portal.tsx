import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Page } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import { AttemptView } from "../parts/attempt-view.tsx";
import { EndpointView } from "../parts/endpoint-view.tsx";
import { Endpoints } from "../parts/endpoints.tsx";
import { MessageList } from "../parts/message-list.tsx";
import { MessageView } from "../parts/message-view.tsx";
import { NewEndpoint } from "../parts/new-endpoint.tsx";
import { SendExample } from "../parts/send-example.tsx";
import { useAudience } from "../session/audience.ts";
import { useApplication } from "../session/use-application.ts";
import { ReplayView } from "./replay.tsx";

export function PortalEndpoints() {
  const { t } = useTranslation();
  const { can } = useAudience();
  const app = useApplication();
  return (
    <Page
      title={t("endpoints.title")}
      lead={t("portal.endpoints.lead")}
      actions={
        <>
          {can("CreateAttempts") && <SendExample app={app} />}
          {can("ManageEndpoint") && <NewEndpoint app={app} />}
        </>
      }
    >
      <DisabledNote app={app} />
      <Endpoints app={app} />
    </Page>
  );
}

/** Lists the disabled endpoints, above everything else. */
function DisabledNote({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const endpoints = useQuery({
    queryKey: ["endpoints", app, "off"],
    queryFn: () =>
      must(api.GET("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app }, query: { limit: 250 } } })),
  });
  const off = endpoints.data?.data.filter(({ disabled }) => disabled) ?? [];
  if (off.length === 0) return null;
  return (
    <Note tone="warn">
      <strong>{t("portal.health.someDisabled", { count: off.length })}</strong>{" "}
      {off.slice(0, 3).map(({ id, url, kind, description }, index) => (
        <span key={id}>
          {index > 0 && ", "}
          <Link {...audience.endpoint(app, id)} className="linked">
            {kind === "http" || description === "" ? url : description}
          </Link>
        </span>
      ))}
    </Note>
  );
}

export function PortalMessages() {
  const { t } = useTranslation();
  const filter = useSearch({ from: "/portal/messages" });
  const navigate = useNavigate({ from: "/portal/messages" });
  return (
    <Page title={t("portal.nav.deliveries")} lead={t("portal.deliveries.lead")}>
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

export function PortalReplay() {
  const { replay } = useParams({ from: "/portal/replays/$replay" });
  const app = useApplication();
  const { crumbs } = useAudience();
  return <ReplayView app={app} id={replay} crumbs={crumbs(app)} />;
}
