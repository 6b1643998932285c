import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Attempts } from "./attempts.tsx";
import { Card, Facts, Page } from "../components/page.tsx";
import { Payload } from "../components/payload.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { useFace } from "../session/face.ts";

/** One event as it was published, and each try to hand it over. */
export function MessageView({ app, id }: { readonly app: string; readonly id: string }) {
  const { t } = useTranslation();
  const face = useFace();
  const path = { app_id: app, msg_id: id };
  const message = useQuery({
    queryKey: ["message", app, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/msg/{msg_id}", { params: { path } })),
  });
  const attempts = useList(["attempts", app, id], (page) =>
    must(
      api.GET("/api/v1/app/{app_id}/attempt/msg/{msg_id}", {
        params: { path, query: { ...page, with_content: false, expanded_statuses: true } },
      }),
    ),
  );
  if (message.error !== null) return <Failed error={message.error} retry={() => void message.refetch()} />;
  if (message.data === undefined) return <Loading />;
  const { eventType, timestamp, eventId, contentType, payload, rawPayload } = message.data;
  return (
    <Page title={eventType} crumbs={face.crumbs(app)}>
      <Card>
        <Facts
          facts={[
            [t("messages.id"), <code key="id">{id}</code>],
            [t("messages.time"), <Time key="at" at={timestamp} />],
            [t("messages.eventId"), eventId ?? "–"],
          ]}
        />
      </Card>
      <Card title={t("messages.payload")}>
        <Payload
          label={t("messages.payload")}
          text={rawPayload ?? JSON.stringify(payload, null, 2)}
          contentType={contentType}
        />
      </Card>
      <h2>{t("attempts.title")}</h2>
      <Attempts list={attempts} />
    </Page>
  );
}
