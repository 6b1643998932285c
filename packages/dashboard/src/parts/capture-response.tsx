import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { AreaField, Form, FormRow, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { responseOf, type Capture, captureInput, expiryOf, type Lifetime, LIFETIMES } from "../lib/capture.ts";
import { headersOf } from "../lib/headers-text.ts";

const KEEP = "keep";

/** Form for the response and the expiry of a capture. */
export function CaptureResponseCard({ capture }: { readonly capture: Capture }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const response = responseOf(capture);
  const save = useMutation({
    mutationFn: ({
      name = "",
      status,
      contentType = "",
      headers = "",
      body = "",
      delay,
      lifetime = KEEP,
    }: FormValues) => {
      const set = {
        status: Number(status),
        contentType: contentType.trim(),
        headers: headersOf(headers),
        body,
        delaySeconds: Number(delay),
      };
      const ends = lifetime === KEEP ? capture.expiresAt! : expiryOf(lifetime as Lifetime, Date.now());
      return must(
        api.PUT("/ingest/api/v1/source/{source_id}", {
          params: { path: { source_id: capture.id } },
          body: captureInput(name.trim(), ends, set),
        }),
      );
    },
    onSuccess: (saved) => queries.setQueryData(["source", capture.id], saved),
  });
  return (
    <Card title={t("capture.response")} lead={t("capture.responseLead")}>
      <Form
        needs="sources:write"
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={
          <Button type="submit" kind="primary" disabled={save.isPending}>
            {t("actions.save")}
          </Button>
        }
      >
        <FormRow>
          <TextField
            name="status"
            type="number"
            min={200}
            max={599}
            label={t("capture.status")}
            value={String(response.status)}
            required
          />
          <TextField
            name="delay"
            type="number"
            min={0}
            max={20}
            step="any"
            label={t("capture.delay")}
            value={String(response.delaySeconds)}
            required
          />
          <TextField name="contentType" label={t("capture.contentType")} value={response.contentType} required />
        </FormRow>
        <AreaField name="body" label={t("capture.body")} value={response.body} rows={5} />
        <AreaField
          name="headers"
          label={t("capture.headers")}
          value={Object.entries(response.headers)
            .map(([name, value]) => `${name}: ${value}`)
            .join("\n")}
          placeholder="x-request-seen: yes"
          rows={2}
        />
        <FormRow>
          <TextField name="name" label={t("capture.name")} value={capture.name} required />
          <SelectField
            name="lifetime"
            label={t("capture.lifetime")}
            value={KEEP}
            choices={[
              { value: KEEP, label: t("capture.keep") },
              ...(Object.keys(LIFETIMES) as Lifetime[]).map((value) => ({
                value,
                label: t(`capture.lifetimes.${value}`),
              })),
            ]}
          />
        </FormRow>
      </Form>
    </Card>
  );
}
