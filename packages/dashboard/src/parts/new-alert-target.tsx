import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, TextField } from "../components/form.tsx";
import { toConfig } from "../lib/destination-config.ts";
import { DestinationFields } from "./destination-fields.tsx";
import { DestinationPicker } from "./destination-picker.tsx";
import { useDestinationKinds } from "./use-destination-kinds.ts";

/** Kind of endpoints that have their own URL. */
const WEBHOOK = "http";
const TITLE = "{{ body.data.title }}";
/** Templates with which a kind shows alerts, unless the form sets them. */
const TEMPLATES: Readonly<Record<string, string>> = {
  title: TITLE,
  text: "{{ body.data.text }}",
  severity: "{{ body.data.severity }}",
  link: "{{ body.data.link }}",
  subject: TITLE,
  dedupKey: "{{ body.data.alertId }}",
  action: '{{ body.data.status | map: "firing", "trigger", "resolved", "resolve" }}',
};

/** Form of a recipient of alerts: an operational endpoint of any kind that receives alerts only. */
export function NewAlertTarget() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState(WEBHOOK);
  const kinds = useDestinationKinds();
  const chosen = kinds?.find((candidate) => candidate.kind === kind);
  const create = useMutation({
    mutationFn: (body: components["schemas"]["OperationalWebhookEndpointIn"]) =>
      must(api.POST("/api/v1/operational-webhook/endpoint", { body })),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["operational"] });
    },
  });
  const submit = (values: FormValues): void => {
    const { url = "", description = "" } = values;
    const fields = chosen?.fields ?? [];
    const target = kind === WEBHOOK ? { url: url.trim() } : { kind, config: withTemplates(fields, values) };
    create.mutate({ ...target, description, filterTypes: ["alert.triggered", "alert.resolved", "alert.digest"] });
  };
  return (
    <FormDialog
      needs="settings:write"
      title={t("alerts.newTarget")}
      trigger={<Button>{t("alerts.newTarget")}</Button>}
      wide
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={submit}
      error={create.error}
      busy={create.isPending}
    >
      <p className="muted">{t("alerts.targetLead")}</p>
      <TextField name="description" label={t("alerts.targetName")} required />
      {kinds !== undefined && <DestinationPicker kinds={kinds} value={kind} onChange={setKind} />}
      {kind === WEBHOOK && <TextField name="url" type="url" label={t("endpoints.url")} required />}
      {kind !== WEBHOOK && chosen !== undefined && <DestinationFields key={kind} kind={chosen} />}
    </FormDialog>
  );
}

/** Default action of the kind PagerDuty, unless a template sets another. */
const DEFAULT_ACTION = "trigger";

type Fields = Parameters<typeof toConfig>[0];

/** The configuration of the form, with templates for alerts in fields that were left empty or at their default. */
function withTemplates(fields: Fields, values: FormValues): ReturnType<typeof toConfig> {
  const config = toConfig(fields, values);
  for (const field of fields) {
    const template = TEMPLATES[field.name];
    const value = config[field.name] ?? DEFAULT_ACTION;
    if (template !== undefined && value === DEFAULT_ACTION) config[field.name] = template;
  }
  return config;
}
