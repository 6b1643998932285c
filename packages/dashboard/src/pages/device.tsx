import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Form, FormError, TextField } from "../components/form.tsx";
import { Card, Facts, Page } from "../components/page.tsx";
import { Loading, Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";

/** Approves a command line that shows a code (RFC 8628). */
export function DevicePage() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/device" });
  const { code } = useSearch({ from: "/operator/device" });
  return (
    <Page title={t("device.title")} lead={t("device.lead")}>
      <Card>
        {code === undefined ? (
          <Form
            onSubmit={({ code: entered = "" }) => void navigate({ search: { code: entered.trim() } })}
            foot={
              <Button type="submit" kind="primary">
                {t("device.check")}
              </Button>
            }
          >
            <TextField name="code" label={t("device.code")} placeholder="XXXX-XXXX" required autoFocus />
          </Form>
        ) : (
          <Request key={code} code={code} onBack={() => void navigate({ search: {} })} />
        )}
      </Card>
    </Page>
  );
}

function Request({ code, onBack }: { readonly code: string; readonly onBack: () => void }) {
  const { t } = useTranslation();
  const path = { user_code: code };
  const device = useQuery({
    queryKey: ["device", code],
    queryFn: () => must(api.GET("/api/v1/device/{user_code}", { params: { path } })),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const decide = useMutation({
    mutationFn: (approve: boolean) =>
      must(api.POST("/api/v1/device/{user_code}", { params: { path }, body: { approve } })),
  });
  if (decide.isSuccess) {
    return (
      <Note tone={decide.variables ? "good" : "info"}>
        {t(decide.variables ? "device.approved" : "device.refused")}
      </Note>
    );
  }
  if (device.error !== null) {
    return (
      <>
        <FormError error={device.error} />
        <Button onClick={onBack}>{t("signIn.back")}</Button>
      </>
    );
  }
  if (device.data === undefined) return <Loading lines={3} />;
  return (
    <>
      <Facts
        facts={[
          [t("device.code"), <code key="code">{code}</code>],
          [t("device.client"), device.data.client === "" ? t("device.unnamed") : device.data.client],
          [t("device.address"), <code key="ip">{device.data.ip}</code>],
          [t("device.started"), <Time key="at" at={device.data.createdAt} relative />],
        ]}
      />
      <p className="muted">{t("device.warning")}</p>
      <FormError error={decide.error} />
      <Form
        onSubmit={() => decide.mutate(true)}
        foot={
          <>
            <Button kind="danger" disabled={decide.isPending} onClick={() => decide.mutate(false)}>
              {t("device.refuse")}
            </Button>
            <Button type="submit" kind="primary" disabled={decide.isPending}>
              {t("device.approve")}
            </Button>
          </>
        }
      >
        {null}
      </Form>
    </>
  );
}
