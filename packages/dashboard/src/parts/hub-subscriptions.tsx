import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";
import { Url } from "../components/url.tsx";
import { hubSubscriptionsKey } from "../lib/subscriptions.ts";
import { useAudience } from "../session/audience.ts";
import { DeleteRow } from "./delete-row.tsx";
import { SubscriptionState } from "./subscription-state.tsx";

/** How often leases and new subscriptions are read again while they are shown. */
const REFRESH_MS = 10_000;

/** Confirmed subscriptions at the WebSub hub. */
export function HubSubscriptions({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const list = useList(
    hubSubscriptionsKey(app),
    (query) => must(api.GET("/api/v1/app/{app_id}/websub/subscription", { params: { path: { app_id: app }, query } })),
    { everyMs: REFRESH_MS },
  );
  return (
    <ListSection
      title={t("subscriptions.webSub")}
      lead={t("subscriptions.webSubLead")}
      list={list}
      rowKey={({ id }) => id}
      empty={t("subscriptions.noWebSub")}
      columns={[
        {
          key: "callback",
          label: t("subscriptions.callback"),
          cell: ({ callback, endpointId }) => (
            <Link {...audience.endpoint(app, endpointId)} className="linked">
              <Url url={callback} />
            </Link>
          ),
        },
        {
          key: "state",
          label: t("subscriptions.state"),
          cell: ({ state, isSigned }) => (
            <>
              <SubscriptionState state={state} />{" "}
              <Badge>{t(isSigned ? "subscriptions.signed" : "subscriptions.unsigned")}</Badge>
            </>
          ),
        },
        {
          key: "lease",
          label: t("subscriptions.leaseEnds"),
          cell: ({ expiresAt }) => <Time at={expiresAt} relative />,
        },
        {
          key: "verified",
          label: t("subscriptions.verified"),
          cell: ({ renewedAt }) => <Time at={renewedAt} relative />,
        },
        {
          key: "actions",
          label: t("subscriptions.actions"),
          tight: true,
          end: true,
          cell: ({ id }) => (
            <DeleteRow
              action={t("subscriptions.end")}
              title={t("subscriptions.deleteSubscriptionTitle")}
              text={t("subscriptions.deleteSubscriptionText")}
              lists={[hubSubscriptionsKey(app)]}
              remove={() =>
                must(
                  api.DELETE("/api/v1/app/{app_id}/websub/subscription/{subscription_id}", {
                    params: { path: { app_id: app, subscription_id: id } },
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
