import { Link, useParams } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Card, Facts, Page } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { Endpoints } from "../parts/endpoints.tsx";
import { Messages } from "../parts/messages.tsx";

/** One customer: where their messages go and what was published to them. */
export function ApplicationPage() {
  const { t } = useTranslation();
  const { app } = useParams({ from: "/operator/applications/$app" });
  const path = { app_id: app };
  const application = useQuery({
    queryKey: ["application", app],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}", { params: { path } })),
  });
  if (application.error !== null) return <Failed error={application.error} retry={() => void application.refetch()} />;
  if (application.data === undefined) return <Loading />;
  const { name, uid, id, createdAt } = application.data;
  return (
    <Page
      title={name}
      crumbs={[
        <Link key="all" to="/applications">
          {t("applications.title")}
        </Link>,
      ]}
    >
      <Card>
        <Facts
          facts={[
            [t("applications.id"), <code key="id">{id}</code>],
            [t("applications.uid"), <code key="uid">{uid ?? "–"}</code>],
            [t("applications.created"), <Time key="at" at={createdAt} />],
          ]}
        />
      </Card>
      <h2>{t("endpoints.title")}</h2>
      <Endpoints app={app} />
      <h2>{t("messages.title")}</h2>
      <Messages app={app} />
    </Page>
  );
}
