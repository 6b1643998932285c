/** Creates an endpoint for a capture, so that the messages of an application can be inspected there. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Webhook } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, TextField } from "../components/form.tsx";
import { PickField, PickListField } from "../components/pick-field.tsx";
import { APPLICATIONS, eventTypesOf } from "../lib/option-sources.ts";
import { useAudience } from "../session/audience.ts";
import { namesOf } from "./type-picker.tsx";

export function CaptureEndpoint({ name, url }: { readonly name: string; readonly url: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: async ({ app = "", description = "", types }: FormValues) => {
      const { id } = await must(
        api.POST("/api/v1/app/{app_id}/endpoint", {
          params: { path: { app_id: app } },
          body: { url, description, eventTypes: namesOf(types) },
        }),
      );
      return { app, id };
    },
    onSuccess: async ({ app, id }) => {
      await queries.invalidateQueries({ queryKey: ["endpoints"] });
      await navigate(audience.endpoint(app, id));
    },
  });
  return (
    <FormDialog
      needs="endpoints:write"
      needsIn="anywhere"
      trigger={
        <Button>
          <Webhook aria-hidden />
          {t("capture.makeEndpoint")}
        </Button>
      }
      title={t("capture.makeEndpoint")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={(values) => create.mutate(values)}
      error={create.error}
      busy={create.isPending}
    >
      <p className="muted">{t("capture.makeEndpointText")}</p>
      <PickField name="app" source={APPLICATIONS} label={t("applications.one")} required autoFocus />
      <PickListField
        name="types"
        source={eventTypesOf(undefined)}
        label={t("endpoints.types")}
        help={t("endpoints.typesHelp")}
      />
      <TextField name="description" label={t("endpoints.description")} value={name} />
    </FormDialog>
  );
}
