import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Form, FormRow, type FormValues, TextField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { useAudience } from "../session/audience.ts";
import { UrlField } from "./url-field.tsx";
import { SaveFoot } from "../components/form-foot.tsx";
import { toConfig } from "../lib/destination-config.ts";
import type { LocalKind } from "../lib/kind-texts.ts";
import { DestinationFields } from "./destination-fields.tsx";
import type { Endpoint } from "./endpoint-props.ts";
import { useDestinationKind } from "./use-destination-kinds.ts";

export interface EndpointSettingsProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}

export function EndpointSettings({ app, endpoint }: EndpointSettingsProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const path = { app_id: app, endpoint_id: endpoint.id };
  const isWebhook = endpoint.kind === "http";
  const kind = useDestinationKind(endpoint.kind);
  const save = useMutation({
    mutationFn: (values: FormValues) => {
      const { url = "", description = "", uid = "", rateLimit = "" } = values;
      return must(
        api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}", {
          params: { path },
          body: {
            ...(isWebhook ? { url: url.trim() } : configOf(kind, values)),
            description,
            uid: uid.trim() === "" ? null : uid.trim(),
            rateLimit: rateLimit === "" ? null : Number(rateLimit),
          },
        }),
      );
    },
    onSuccess: async (saved) => {
      queries.setQueryData(["endpoint", app, endpoint.id], saved);
      await queries.invalidateQueries({ queryKey: ["endpoints", app] });
    },
  });
  const remove = async (): Promise<void> => {
    await must(api.DELETE("/api/v1/app/{app_id}/endpoint/{endpoint_id}", { params: { path } }));
    await queries.invalidateQueries({ queryKey: ["endpoints", app] });
    await navigate(audience.kind === "operator" ? { to: "/applications/$app", params: { app } } : { to: "/portal" });
  };
  return (
    <>
      <Card title={t("endpoints.tabs.settings")}>
        <Form
          needs="endpoints:write"
          key={endpoint.updatedAt}
          onSubmit={(values) => save.mutate(values)}
          error={save.error}
          foot={<SaveFoot save={save} />}
        >
          {isWebhook && <UrlField app={app} value={endpoint.url} />}
          {!isWebhook && kind !== undefined && (
            <DestinationFields kind={kind} config={endpoint.config} secrets={endpoint.configSecrets} />
          )}
          <TextField name="description" label={t("endpoints.description")} value={endpoint.description} />
          <FormRow>
            <TextField
              name="uid"
              label={t("applications.uid")}
              value={endpoint.uid ?? ""}
              help={t("endpoints.uidHelp")}
            />
            <TextField
              name="rateLimit"
              type="number"
              min={0}
              label={t("endpoints.rate")}
              value={endpoint.rateLimit === null ? "" : String(endpoint.rateLimit)}
              help={t("endpoints.rateHelp")}
            />
          </FormRow>
        </Form>
      </Card>
      <Card
        needs="endpoints:write"
        title={t("endpoints.delete")}
        lead={t("endpoints.deleteText")}
        actions={
          <Confirm
            trigger={<Button kind="danger">{t("endpoints.delete")}</Button>}
            title={t("endpoints.deleteTitle")}
            text={t("endpoints.deleteText")}
            action={t("actions.delete")}
            danger
            onConfirm={remove}
          />
        }
      >
        {null}
      </Card>
    </>
  );
}

/** The configuration is not changed before its fields are known. */
function configOf(kind: LocalKind | undefined, values: FormValues) {
  return kind === undefined ? {} : { config: toConfig(kind.fields, values) };
}
