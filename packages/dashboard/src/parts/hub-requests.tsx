import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { ServerSentence } from "../components/server-sentence.tsx";
import { Time } from "../components/time.tsx";
import { Url } from "../components/url.tsx";
import { serverText } from "../lib/server-text.ts";
import { hubRequestsKey } from "../lib/subscriptions.ts";
import { SubscriptionList } from "./subscription-list.tsx";
import { SubscriptionState } from "./subscription-state.tsx";

type Request = components["schemas"]["WebSubRequestOut"];

const REFRESH_MS = 5000;

/** Requests at the WebSub hub that their subscribers have not confirmed, with the cause. */
export function HubRequests({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  return (
    <SubscriptionList
      title={t("subscriptions.requests")}
      lead={t("subscriptions.requestsLead")}
      empty={t("subscriptions.noRequests")}
      queryKey={hubRequestsKey(app)}
      load={(query) =>
        must(api.GET("/api/v1/app/{app_id}/websub/request", { params: { path: { app_id: app }, query } }))
      }
      everyMs={REFRESH_MS}
      columns={[
        {
          key: "callback",
          label: t("subscriptions.callback"),
          cell: ({ callback, mode }) => (
            <div>
              <Url url={callback} />
              <br />
              <span className="muted">{t(`subscriptions.modes.${mode}`)}</span>
            </div>
          ),
        },
        { key: "state", label: t("subscriptions.state"), cell: ({ state }) => <SubscriptionState state={state} /> },
        { key: "cause", label: t("subscriptions.cause"), cell: (request) => <Cause request={request} /> },
        { key: "try", label: t("subscriptions.lastTry"), cell: (request) => <Tries request={request} /> },
      ]}
      deletion={{
        action: t("actions.delete"),
        title: t("subscriptions.deleteRequestTitle"),
        text: t("subscriptions.deleteRequestText"),
      }}
      remove={(id) =>
        must(
          api.DELETE("/api/v1/app/{app_id}/websub/request/{request_id}", {
            params: { path: { app_id: app, request_id: id } },
          }),
        )
      }
    />
  );
}

interface RequestProps {
  readonly request: Request;
}

function Cause({ request: { error } }: RequestProps) {
  const { i18n } = useTranslation();
  if (error === null) return "–";
  return (
    <div>
      <ServerSentence {...serverText(i18n, "hub", error.code, error.message)} />
      <br />
      <span className="muted">
        <ServerSentence {...serverText(i18n, "hubHint", error.code, error.hint)} />
      </span>
    </div>
  );
}

function Tries({ request: { lastTryAt, nextTryAt } }: RequestProps) {
  const { t } = useTranslation();
  return (
    <div>
      <Time at={lastTryAt} relative />
      {nextTryAt !== null && (
        <>
          <br />
          <span className="muted">
            {t("subscriptions.nextTry")} <Time at={nextTryAt} relative />
          </span>
        </>
      )}
    </div>
  );
}
