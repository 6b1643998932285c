import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { ListSection, timeColumn } from "../components/list-page.tsx";
import { Url } from "../components/url.tsx";
import { restHooksKey } from "../lib/subscriptions.ts";
import { useAudience } from "../session/audience.ts";
import { DeleteRow } from "./delete-row.tsx";
import { SubscriptionState } from "./subscription-state.tsx";

/** REST hooks of automation platforms. */
export function RestHooks({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const list = useList(restHooksKey(app), (query) =>
    must(api.GET("/api/v1/app/{app_id}/rest-hook", { params: { path: { app_id: app }, query } })),
  );
  return (
    <ListSection
      title={t("subscriptions.restHooks")}
      lead={t("subscriptions.restHooksLead")}
      list={list}
      rowKey={({ id }) => id}
      empty={t("subscriptions.noRestHooks")}
      columns={[
        {
          key: "url",
          label: t("subscriptions.targetUrl"),
          cell: ({ targetUrl, endpointId }) => (
            <Link {...audience.endpoint(app, endpointId)} className="linked">
              <Url url={targetUrl} />
            </Link>
          ),
        },
        {
          key: "events",
          label: t("subscriptions.events"),
          cell: ({ eventTypes }) => eventTypes?.join(", ") ?? t("endpoints.allTypes"),
        },
        { key: "state", label: t("subscriptions.state"), cell: ({ state }) => <SubscriptionState state={state} /> },
        timeColumn(t("applications.created"), "createdAt"),
        {
          key: "actions",
          label: t("subscriptions.actions"),
          tight: true,
          end: true,
          cell: ({ id }) => (
            <DeleteRow
              action={t("subscriptions.unsubscribe")}
              title={t("subscriptions.deleteHookTitle")}
              text={t("subscriptions.deleteHookText")}
              lists={[restHooksKey(app)]}
              remove={() =>
                must(
                  api.DELETE("/api/v1/app/{app_id}/rest-hook/{hook_id}", {
                    params: { path: { app_id: app, hook_id: id } },
                  }),
                )
              }
            />
          ),
        },
      ]}
    />
  );
}
