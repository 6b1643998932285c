/** Page of one application: endpoints, messages, delivery policy and settings. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Copyable } from "../components/copy.tsx";
import { Page } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { tabOf, Tabs } from "../components/tabs.tsx";
import { type MessageFilter, toMessageFilter } from "../lib/message-filter.ts";
import { Endpoints } from "../parts/endpoints.tsx";
import { Feed } from "../parts/feed.tsx";
import { MessageList } from "../parts/message-list.tsx";
import { NewEndpoint } from "../parts/new-endpoint.tsx";
import { PublishMessage } from "../parts/publish-message.tsx";
import { SendExample } from "../parts/send-example.tsx";
import { Views } from "../parts/views.tsx";
import { Subscriptions } from "../parts/subscriptions.tsx";
import { PolicyEditor } from "../parts/policy-editor.tsx";
import { ApplicationSettings } from "./application-settings.tsx";

const TABS = ["endpoints", "messages", "feed", "subscriptions", "policy", "settings"] as const;

export function ApplicationPage() {
  const { t } = useTranslation();
  const { app } = useParams({ from: "/operator/applications/$app" });
  const search = useSearch({ from: "/operator/applications/$app" });
  const navigate = useNavigate({ from: "/applications/$app" });
  const tab = tabOf(TABS, search.tab);
  const application = useQuery({
    queryKey: ["application", app],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}", { params: { path: { app_id: app } } })),
  });
  if (application.error !== null) return <Failed error={application.error} retry={() => void application.refetch()} />;
  if (application.data === undefined) return <Loading />;
  const { name, id, uid } = application.data;
  const messages = toMessageFilter(search);
  const showMessages = (filter: MessageFilter, replace = false): void =>
    void navigate({ search: { ...filter, tab: "messages" }, replace });
  return (
    <Page
      title={name}
      lead={
        <>
          <Copyable text={id} />
          {uid !== null && (
            <>
              {" · "}
              <Copyable text={uid} />
            </>
          )}
        </>
      }
      crumbs={[
        <Link key="all" to="/applications">
          {t("applications.title")}
        </Link>,
      ]}
      actions={
        <>
          {tab === "messages" && (
            <Views
              list="messages"
              filter={messages}
              within={{ app: id }}
              onFilter={({ app: _own, ...filter }, replace) => showMessages(toMessageFilter(filter), replace)}
            />
          )}
          <SendExample app={id} />
          <PublishMessage app={id} />
          <NewEndpoint app={app} />
        </>
      }
    >
      <Tabs
        label={t("applications.one")}
        current={tab}
        tabs={TABS.map((one) => ({ name: one, label: t(`applications.tabs.${one}`) }))}
      />
      {tab === "endpoints" && <Endpoints app={app} />}
      {tab === "messages" && <MessageList app={app} filter={messages} onFilter={(filter) => showMessages(filter)} />}
      {tab === "feed" && <Feed app={app} endpoint={null} />}
      {tab === "subscriptions" && <Subscriptions app={app} />}
      {tab === "policy" && <ApplicationPolicy app={app} />}
      {tab === "settings" && <ApplicationSettings application={application.data} />}
    </Page>
  );
}

function ApplicationPolicy({ app }: { readonly app: string }) {
  const queries = useQueryClient();
  const path = { app_id: app };
  const key = ["policy", app];
  const policy = useQuery({
    queryKey: key,
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/policy", { params: { path } })),
  });
  if (policy.error !== null) return <Failed error={policy.error} retry={() => void policy.refetch()} />;
  if (policy.data === undefined) return <Loading />;
  return (
    <PolicyEditor
      level="application"
      policy={policy.data}
      onSave={async (body) => {
        queries.setQueryData(key, await must(api.PATCH("/api/v1/app/{app_id}/policy", { params: { path }, body })));
      }}
    />
  );
}
