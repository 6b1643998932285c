import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Attempts } from "./attempts.tsx";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Card, Facts, Page } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { useFace } from "../session/face.ts";

/** One URL of a customer: its state, and what happened there. */
export function EndpointView({ app, id }: { readonly app: string; readonly id: string }) {
  const { t } = useTranslation();
  const face = useFace();
  const path = { app_id: app, endpoint_id: id };
  const queries = useQueryClient();
  const endpoint = useQuery({
    queryKey: ["endpoint", app, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}", { params: { path } })),
  });
  const attempts = useList(["attempts", app, id], (page) =>
    must(
      api.GET("/api/v1/app/{app_id}/attempt/endpoint/{endpoint_id}", {
        params: { path, query: { ...page, with_content: false, expanded_statuses: true } },
      }),
    ),
  );
  const turn = useMutation({
    mutationFn: (disabled: boolean) =>
      must(api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}", { params: { path }, body: { disabled } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["endpoint", app, id] }),
  });
  if (endpoint.error !== null) return <Failed error={endpoint.error} retry={() => void endpoint.refetch()} />;
  if (endpoint.data === undefined) return <Loading />;
  const { url, description, disabled, eventTypes, createdAt } = endpoint.data;
  return (
    <Page
      title={url}
      crumbs={face.crumbs(app)}
      actions={
        <Button onClick={() => turn.mutate(!disabled)} disabled={turn.isPending}>
          {t(disabled ? "actions.enable" : "actions.disable")}
        </Button>
      }
    >
      <Card>
        <Facts
          facts={[
            [
              t("endpoints.state"),
              <Badge key="state" tone={disabled ? "warn" : "good"}>
                {t(disabled ? "endpoints.off" : "endpoints.on")}
              </Badge>,
            ],
            [t("endpoints.description"), description === "" ? "–" : description],
            [t("endpoints.types"), eventTypes?.join(", ") ?? t("endpoints.allTypes")],
            [t("applications.created"), <Time key="at" at={createdAt} />],
          ]}
        />
      </Card>
      <h2>{t("attempts.title")}</h2>
      <Attempts list={attempts} />
    </Page>
  );
}
