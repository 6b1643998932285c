import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { SelectField } from "../components/form.tsx";
import { Page } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Signing, VerifyCode } from "../parts/signing.tsx";
import { useApplication } from "../session/use-application.ts";

/** Secret, verification code and signature doctor of the selected endpoint. */
export function PortalSigning() {
  const { t } = useTranslation();
  const app = useApplication();
  const [chosen, setChosen] = useState<string | null>(null);
  const endpoints = useQuery({
    queryKey: ["endpoints", app, "choices"],
    queryFn: () =>
      must(api.GET("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app }, query: { limit: 250 } } })),
  });
  const rows = endpoints.data?.data ?? [];
  const id = chosen ?? rows[0]?.id;
  return (
    <Page title={t("portal.nav.signing")} lead={t("portal.signing.lead")}>
      {endpoints.error !== null && <Failed error={endpoints.error} retry={() => void endpoints.refetch()} />}
      {endpoints.isPending && <Loading />}
      {endpoints.data !== undefined && id === undefined && (
        <>
          <Note>{t("portal.signing.none")}</Note>
          <VerifyCode />
        </>
      )}
      {id !== undefined && (
        <>
          <SelectField
            label={t("endpoints.one")}
            value={id}
            onChange={setChosen}
            choices={rows.map((row) => ({ value: row.id, label: row.url }))}
          />
          <Signing key={id} app={app} id={id} />
        </>
      )}
    </Page>
  );
}
