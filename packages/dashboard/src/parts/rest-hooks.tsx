import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { timeColumn } from "../components/list-page.tsx";
import { restHooksKey } from "../lib/subscriptions.ts";
import { Subscriber, SubscriptionList } from "./subscription-list.tsx";
import { SubscriptionState } from "./subscription-state.tsx";

type RestHook = components["schemas"]["RestHookOut"];

/** REST hooks of automation platforms. */
export function RestHooks({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  return (
    <SubscriptionList<RestHook>
      title={t("subscriptions.restHooks")}
      lead={t("subscriptions.restHooksLead")}
      empty={t("subscriptions.noRestHooks")}
      searched={{ name: "hook", label: t("subscriptions.search") }}
      queryKey={restHooksKey(app)}
      load={(query) => must(api.GET("/api/v1/app/{app_id}/rest-hook", { params: { path: { app_id: app }, query } }))}
      columns={[
        {
          key: "url",
          label: t("subscriptions.targetUrl"),
          cell: ({ targetUrl, endpointId }) => <Subscriber app={app} endpointId={endpointId} url={targetUrl} />,
        },
        {
          key: "events",
          label: t("subscriptions.events"),
          cell: ({ eventTypes }) => eventTypes?.join(", ") ?? t("endpoints.allTypes"),
        },
        { key: "state", label: t("subscriptions.state"), cell: ({ state }) => <SubscriptionState state={state} /> },
        timeColumn(t("applications.created"), "createdAt"),
      ]}
      deletion={{
        action: t("subscriptions.unsubscribe"),
        title: t("subscriptions.deleteHookTitle"),
        text: t("subscriptions.deleteHookText"),
      }}
      remove={(id) =>
        must(
          api.DELETE("/api/v1/app/{app_id}/rest-hook/{hook_id}", {
            params: { path: { app_id: app, hook_id: id } },
          }),
        )
      }
    />
  );
}
