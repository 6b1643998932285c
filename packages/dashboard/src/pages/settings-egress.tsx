import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Tags } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Form, FormRow, type FormValues, TextField } from "../components/form.tsx";
import { Card, Facts } from "../components/page.tsx";
import { PickField } from "../components/pick-field.tsx";
import { Note } from "../components/state.tsx";
import { PLACES } from "../lib/option-sources.ts";

/** Checks whether deliveries to a URL are allowed. The result names the rule and the addresses. */
export function EgressChecker() {
  const { t } = useTranslation();
  const check = useMutation({
    mutationFn: ({ url = "", app = "" }: FormValues) =>
      must(
        api.POST("/api/v1/egress/check", {
          body: { url: url.trim(), ...(app.trim() === "" ? {} : { appId: app.trim() }) },
        }),
      ),
  });
  const { data } = check;
  return (
    <Card title={t("egress.title")} lead={t("egress.lead")}>
      <Form
        onSubmit={(values) => check.mutate(values)}
        error={check.error}
        foot={
          <Button type="submit" kind="primary" disabled={check.isPending}>
            {t("egress.check")}
          </Button>
        }
      >
        <FormRow>
          <TextField name="url" label={t("endpoints.url")} placeholder="https://example.com/webhooks" required />
          <PickField source={PLACES} name="app" label={t("privacy.application")} help={t("egress.appHelp")} />
        </FormRow>
      </Form>
      {data !== undefined && (
        <>
          <Note tone={data.allowed ? "good" : "bad"}>
            <strong>{t(data.allowed ? "egress.allowed" : "egress.refused")}</strong>
            {data.message !== null && (
              <>
                <br />
                {data.message}
              </>
            )}
          </Note>
          <Facts
            facts={
              data.allowed
                ? [[t("egress.addresses"), <Tags key="addresses" names={data.addresses} />]]
                : [
                    [t("egress.code"), <code key="code">{data.code}</code>],
                    [t("egress.detail"), data.detail ?? "–"],
                  ]
            }
          />
        </>
      )}
    </Card>
  );
}
