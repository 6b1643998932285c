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

export function NewEndpoint({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: (body: components["schemas"]["EndpointIn"]) =>
      must(api.POST("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app } }, body })),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["endpoints", app] });
      await navigate(audience.endpoint(app, id));
    },
  });
  const submit = ({ url = "", description = "", eventTypes, channels }: FormValues): void => {
    create.mutate({ url: url.trim(), description, eventTypes: namesOf(eventTypes), channels: namesOf(channels) });
  };
  return (
    <FormDialog
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
      <UrlField app={app} />
      <TextField name="description" label={t("endpoints.description")} />
      <TypePicker app={app} value={[]} />
      <TextField name="channels" label={t("messages.channels")} help={t("endpoints.channelsHelp")} />
    </FormDialog>
  );
}
