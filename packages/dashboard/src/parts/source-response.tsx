import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { AreaField, FormRow, SelectField, TextField } from "../components/form.tsx";
import { type Source, WAIT } from "../lib/source-form.ts";

const MAX_CHOICES = 250;

/** Fields of a custom response: a fixed one, or the response of an endpoint. */
export function SourceResponse({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const { status = 200, headers = {}, body = "", delaySeconds = 0, wait = null } = source.response ?? {};
  const endpoints = useQuery({
    queryKey: ["source", source.id, "endpoints"],
    queryFn: () =>
      must(
        api.GET("/ingest/api/v1/source/{source_id}/endpoint", {
          params: { path: { source_id: source.id }, query: { limit: MAX_CHOICES } },
        }),
      ),
  });
  const choices = endpoints.data?.data.map(({ id, url }) => ({ value: id, label: url })) ?? [];
  return (
    <>
      <FormRow>
        <TextField
          name="status"
          type="number"
          min={200}
          max={599}
          label={t("capture.status")}
          value={String(status)}
          required
        />
        <TextField
          name="delay"
          type="number"
          min={0}
          max={20}
          step="any"
          label={t("capture.delay")}
          value={String(delaySeconds)}
          required
        />
      </FormRow>
      <AreaField name="body" label={t("capture.body")} help={t("sourceEdit.bodyHelp")} value={body} rows={4} />
      <AreaField
        name="headers"
        label={t("capture.headers")}
        value={Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}`)
          .join("\n")}
        placeholder="content-type: application/json"
        rows={2}
      />
      <FormRow>
        <SelectField
          key={choices.length}
          name="wait"
          label={t("sourceEdit.wait")}
          help={t("sourceEdit.waitHelp")}
          value={wait === null ? WAIT.none : (wait.endpoint ?? WAIT.any)}
          choices={[
            { value: WAIT.none, label: t("sourceEdit.waitNone") },
            { value: WAIT.any, label: t("sourceEdit.waitAny") },
            ...choices,
          ]}
        />
        <TextField
          name="timeout"
          type="number"
          min={0.1}
          max={25}
          step="any"
          label={t("sourceEdit.waitSeconds")}
          value={String(wait?.timeoutSeconds ?? 5)}
        />
      </FormRow>
    </>
  );
}
