import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Badge } from "../components/badge.tsx";
import { Time } from "../components/time.tsx";
import { hubSubscriptionsKey } from "../lib/subscriptions.ts";
import { Subscriber, SubscriptionList } from "./subscription-list.tsx";
import { SubscriptionState } from "./subscription-state.tsx";

/** How often leases and new subscriptions are read again while they are shown. */
const REFRESH_MS = 10_000;

/** Confirmed subscriptions at the WebSub hub. */
export function HubSubscriptions({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  return (
    <SubscriptionList
      title={t("subscriptions.webSub")}
      lead={t("subscriptions.webSubLead")}
      empty={t("subscriptions.noWebSub")}
      searched={{ name: "subscription", label: t("subscriptions.search") }}
      queryKey={hubSubscriptionsKey(app)}
      load={(query) =>
        must(api.GET("/api/v1/app/{app_id}/websub/subscription", { params: { path: { app_id: app }, query } }))
      }
      everyMs={REFRESH_MS}
      columns={[
        {
          key: "callback",
          label: t("subscriptions.callback"),
          cell: ({ callback, endpointId }) => <Subscriber app={app} endpointId={endpointId} url={callback} />,
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
      ]}
      deletion={{
        action: t("subscriptions.end"),
        title: t("subscriptions.deleteSubscriptionTitle"),
        text: t("subscriptions.deleteSubscriptionText"),
      }}
      remove={(id) =>
        must(
          api.DELETE("/api/v1/app/{app_id}/websub/subscription/{subscription_id}", {
            params: { path: { app_id: app, subscription_id: id } },
          }),
        )
      }
    />
  );
}
