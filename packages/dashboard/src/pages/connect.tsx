import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Form, FormError, SwitchField } from "../components/form.tsx";
import { Card, Facts, Page } from "../components/page.tsx";
import { Loading, Note } from "../components/state.tsx";

type Consent = components["schemas"]["ClientConsentOut"];

/** Consent page for an MCP client that requests access (OAuth). The client opens it with its request in the query. */
export function ConnectPage() {
  const { t } = useTranslation();
  const { request } = useSearch({ from: "/operator/connect" });
  return (
    <Page title={t("connect.title")} lead={t("connect.lead")}>
      <Card>{request === undefined ? <p>{t("connect.missing")}</p> : <Request key={request} request={request} />}</Card>
    </Page>
  );
}

function Request({ request }: { readonly request: string }) {
  const { t } = useTranslation();
  const consent = useQuery({
    queryKey: ["connect", request],
    queryFn: () => must(api.GET("/api/v1/connected-client/authorization", { params: { query: { request } } })),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (consent.error !== null) return <FormError error={consent.error} />;
  if (consent.data === undefined) return <Loading lines={4} />;
  const { client, redirectTo } = consent.data;
  if (client !== null) return <Decision request={request} consent={consent.data} client={client} />;
  return (
    <>
      <Note tone="bad">{t("connect.invalid")}</Note>
      {redirectTo !== null && <Button onClick={() => location.assign(redirectTo)}>{t("connect.return")}</Button>}
    </>
  );
}

interface DecisionProps {
  readonly request: string;
  readonly consent: Consent;
  readonly client: NonNullable<Consent["client"]>;
}

function Decision({ request, consent, client }: DecisionProps) {
  const { t } = useTranslation();
  const { destination, local, organisation } = consent;
  const decide = useMutation({
    mutationFn: (decision: { readonly approve: boolean; readonly write: boolean }) =>
      must(api.POST("/api/v1/connected-client/authorization", { body: { request, ...decision } })),
    // A program may handle the redirect without leaving this page, so the page says what happened.
    onSuccess: ({ redirectTo }) => location.assign(redirectTo),
  });
  if (decide.isSuccess) {
    const { approve } = decide.variables;
    return <Note tone={approve ? "good" : "info"}>{t(approve ? "connect.approved" : "connect.refused")}</Note>;
  }
  return (
    <>
      <Facts
        facts={[
          [t("connect.client"), <strong key="name">{client.name}</strong>],
          [
            t("connect.identity"),
            client.host === null ? t("connect.unverified") : t("connect.verified", { host: client.host }),
          ],
          [t("connect.destination"), <code key="destination">{destination}</code>],
          ...(organisation === null || organisation.name === ""
            ? []
            : [[t("connect.organisation"), organisation.name] as const]),
        ]}
      />
      {local && <Note tone="info">{t("connect.local")}</Note>}
      <p>{t("connect.read")}</p>
      <FormError error={decide.error} />
      <Form
        onSubmit={({ write }) => decide.mutate({ approve: true, write: write === "on" })}
        foot={
          <>
            <Button
              kind="danger"
              disabled={decide.isPending}
              onClick={() => decide.mutate({ approve: false, write: false })}
            >
              {t("connect.refuse")}
            </Button>
            <Button type="submit" kind="primary" disabled={decide.isPending}>
              {t("connect.approve")}
            </Button>
          </>
        }
      >
        <WriteField {...consent} />
      </Form>
      <p className="muted">{t("connect.revoke")}</p>
    </>
  );
}

const NOT_ALLOWED = { server: "connect.writeOff", role: "connect.writeNotAllowed" } as const;

function WriteField({ write, asksToWrite }: Consent) {
  const { t } = useTranslation();
  if (write !== "allowed") return <p className="muted">{t(NOT_ALLOWED[write])}</p>;
  const help = t("connect.writeHelp");
  return (
    <SwitchField
      name="write"
      label={t("connect.write")}
      help={asksToWrite ? `${t("connect.writeAsked")} ${help}` : help}
    />
  );
}
