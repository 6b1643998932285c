import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { type FormValues, TextField } from "../components/form.tsx";
import { useAudience } from "../session/audience.ts";
import { namesOf, TypePicker } from "./type-picker.tsx";
import { UrlField } from "./url-field.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { toConfig } from "../lib/destination-config.ts";
import { DestinationFields } from "./destination-fields.tsx";
import { DestinationPicker } from "./destination-picker.tsx";
import { useDestinationKinds } from "./use-destination-kinds.ts";

/** Kind of endpoints that have their own URL. */
const WEBHOOK = "http";

export function NewEndpoint({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useDialog("new-endpoint");
  const [kind, setKind] = useState(WEBHOOK);
  const kinds = useDestinationKinds();
  const chosen = kinds?.find((candidate) => candidate.kind === kind);
  const create = useMutation({
    mutationFn: (body: components["schemas"]["EndpointIn"]) =>
      must(api.POST("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app } }, body })),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["endpoints", app] });
      await navigate(audience.endpoint(app, id));
    },
  });
  const submit = (values: FormValues): void => {
    const { url = "", description = "", eventTypes, channels } = values;
    const target = kind === WEBHOOK ? { url: url.trim() } : { kind, config: toConfig(chosen?.fields ?? [], values) };
    create.mutate({ ...target, description, eventTypes: namesOf(eventTypes), channels: namesOf(channels) });
  };
  return (
    <FormDialog
      needs="endpoints:write"
      title={t("endpoints.new")}
      trigger={<AddButton>{t("endpoints.new")}</AddButton>}
      wide
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={submit}
      error={create.error}
      busy={create.isPending}
    >
      {kinds !== undefined && <DestinationPicker kinds={kinds} value={kind} onChange={setKind} />}
      {kind === WEBHOOK && <UrlField app={app} />}
      {kind !== WEBHOOK && chosen !== undefined && <DestinationFields key={kind} kind={chosen} />}
      <TextField name="description" label={t("endpoints.description")} />
      <TypePicker app={app} value={[]} />
      <TextField name="channels" label={t("messages.channels")} help={t("endpoints.channelsHelp")} />
    </FormDialog>
  );
}
