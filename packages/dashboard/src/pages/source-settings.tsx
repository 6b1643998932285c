/** Settings of a source: secrets, URL, accepted requests, and the response to the sender. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { AreaField, ChecksField, Form, FormRow, SelectField, SwitchField, TextField } from "../components/form.tsx";
import { Card, Columns, Stack } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import {
  type ResponseKind,
  RESPONSE_KINDS,
  configField,
  DEDUPLICATIONS,
  GENERIC,
  type Source,
  SOURCE_METHODS,
  sourceFromForm,
  splitAddresses,
  toKiB,
} from "../lib/source-form.ts";
import { WEBHOOK_KIND } from "../lib/source-kind.ts";
import { RetentionSettings } from "../parts/retention.tsx";
import { SourceConfig } from "../parts/source-config.tsx";
import { SourceResponse } from "../parts/source-response.tsx";
import { SourceSecrets } from "../parts/source-secrets.tsx";
import { SecretWarnings } from "../parts/secret-warnings.tsx";
import { SourceUrl } from "../parts/source-url.tsx";
import { SaveFoot } from "../components/form-foot.tsx";

type SourceType = components["schemas"]["IngestSourceTypeOut"];

export function SourceSettings({ source }: { readonly source: Source }) {
  if (source.kind === WEBHOOK_KIND) return <WebhookSettings source={source} />;
  return (
    <>
      <SourceConfig source={source} />
      {source.ingestUrl !== null && <SourceUrl source={source} />}
      <RetentionSettings app={source.id} />
      <Delete source={source} />
    </>
  );
}

function WebhookSettings({ source }: { readonly source: Source }) {
  const types = useQuery({
    queryKey: ["source-types"],
    queryFn: () => must(api.GET("/ingest/api/v1/source-type")),
  });
  // Outside the form: a save remounts the form, and the "Saved" status must survive that.
  const save = useSave(source);
  if (types.error !== null) return <Failed error={types.error} retry={() => void types.refetch()} />;
  if (types.data === undefined) return <Loading />;
  return (
    <>
      <Columns>
        <SourceSecrets source={source} />
        <SourceUrl source={source} />
      </Columns>
      <SecretWarnings warnings={save.data?.warnings} />
      <Settings key={source.updatedAt} source={source} types={types.data.data} save={save} />
      <RetentionSettings app={source.id} />
      <Delete source={source} />
    </>
  );
}

interface SettingsProps {
  readonly source: Source;
  readonly types: readonly SourceType[];
  readonly save: ReturnType<typeof useSave>;
}

function useSave(source: Source) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ReturnType<typeof sourceFromForm>) =>
      must(api.PUT("/ingest/api/v1/source/{source_id}", { params: { path: { source_id: source.id } }, body })),
    onSuccess: async (saved) => {
      queries.setQueryData(["source", source.id], saved);
      await queries.invalidateQueries({ queryKey: ["sources"] });
    },
  });
}

function Settings({ source, types, save }: SettingsProps) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<ResponseKind>(source.response === null ? "provider" : "own");
  return (
    <Form
      needs="sources:write"
      onSubmit={(values) => save.mutate(sourceFromForm(source, values, kind))}
      error={save.error}
      foot={<SaveFoot save={save} />}
    >
      <Columns>
        <Stack>
          <General source={source} type={types.find(({ type }) => type === source.type)} />
          <Card title={t("sourceEdit.response")} lead={t("sourceEdit.responseLead")}>
            <SelectField
              label={t("sourceEdit.response")}
              bare
              value={kind}
              onChange={(value) => setKind(value as ResponseKind)}
              choices={RESPONSE_KINDS.map((value) => ({ value, label: t(`sourceEdit.responses.${value}`) }))}
            />
            {kind === "own" && <SourceResponse source={source} />}
          </Card>
        </Stack>
        <AcceptedRequests source={source} presets={types.filter(({ publishedAddresses }) => publishedAddresses)} />
      </Columns>
    </Form>
  );
}

function General({ source, type }: { readonly source: Source; readonly type: SourceType | undefined }) {
  const { t } = useTranslation();
  const { name, uid, deduplication, toleranceSeconds, allowUnsigned, verification, configured } = source;
  const settings = Object.entries(type?.config ?? {});
  return (
    <Card title={t("sourceEdit.general")}>
      <FormRow>
        <TextField name="name" label={t("applications.name")} value={name} required />
        <TextField name="uid" label={t("applications.uid")} value={uid ?? ""} help={t("sourceEdit.uidHelp")} />
      </FormRow>
      <FormRow>
        <SelectField
          name="deduplication"
          label={t("sources.deduplication")}
          value={deduplication}
          choices={DEDUPLICATIONS.map((value) => ({ value, label: t(`sourceEdit.deduplications.${value}`) }))}
        />
        <TextField
          name="tolerance"
          type="number"
          min={1}
          label={t("sourceEdit.tolerance")}
          value={numberText(toleranceSeconds)}
          help={t("sourceEdit.toleranceHelp")}
        />
      </FormRow>
      <SwitchField name="unsigned" label={t("sourceEdit.unsigned")} defaultChecked={allowUnsigned} />
      {source.type === GENERIC && (
        <AreaField
          name="verification"
          label={t("sourceEdit.verification")}
          help={t("sourceEdit.verificationHelp")}
          value={verification === null ? "" : JSON.stringify(verification, null, 2)}
          rows={8}
        />
      )}
      {settings.map(([setting, what]) => (
        <TextField
          key={setting}
          name={configField(setting)}
          label={what.charAt(0).toUpperCase() + what.slice(1)}
          help={t(configured.includes(setting) ? "sourceEdit.configSet" : "sourceEdit.configUnset")}
        />
      ))}
      {settings.length > 1 && <p className="muted">{t("sourceEdit.configAll")}</p>}
    </Card>
  );
}

/** Accepted methods, sizes, rates and networks. */
function AcceptedRequests({ source, presets }: { readonly source: Source; readonly presets: readonly SourceType[] }) {
  const { t } = useTranslation();
  const { methods, maxBodyBytes, rateLimit, dailyQuota, allowedAddresses } = source;
  const names = presets.map(({ type }) => type);
  const split = splitAddresses(allowedAddresses, names);
  return (
    <Card title={t("sourceEdit.accepts")}>
      <ChecksField
        name="methods"
        label={t("sources.methods")}
        choices={SOURCE_METHODS.map((value) => ({ value, label: value }))}
        value={methods}
      />
      <FormRow>
        <TextField
          name="maxKiB"
          type="number"
          min={0}
          step="any"
          label={t("sourceEdit.size")}
          value={toKiB(maxBodyBytes)}
          help={t("sourceEdit.sizeHelp")}
        />
        <TextField
          name="rateLimit"
          type="number"
          min={1}
          max={65_535}
          label={t("sourceEdit.rate")}
          value={numberText(rateLimit)}
          help={t("sourceEdit.boundHelp")}
        />
        <TextField
          name="dailyQuota"
          type="number"
          min={1}
          label={t("sourceEdit.quota")}
          value={numberText(dailyQuota)}
          help={t("sourceEdit.boundHelp")}
        />
      </FormRow>
      <ChecksField
        name="presets"
        label={t("sourceEdit.presets")}
        help={t("sourceEdit.presetsHelp")}
        choices={presets.map(({ type, name }) => ({ value: type, label: name }))}
        value={split.presets}
      />
      <AreaField
        name="addresses"
        label={t("sourceEdit.addresses")}
        help={t("sourceEdit.addressesHelp")}
        value={split.others}
        placeholder="192.0.2.0/24"
        rows={3}
      />
    </Card>
  );
}

function numberText(value: number | null): string {
  return value === null ? "" : String(value);
}

function Delete({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const text = t(source.kind === WEBHOOK_KIND ? "sourceEdit.deleteText" : "sourceKinds.deleteText");
  const remove = async (): Promise<void> => {
    await must(api.DELETE("/ingest/api/v1/source/{source_id}", { params: { path: { source_id: source.id } } }));
    await queries.invalidateQueries({ queryKey: ["sources"] });
    await navigate({ to: "/sources" });
  };
  return (
    <Card
      needs="sources:write"
      title={t("sourceEdit.delete")}
      lead={text}
      actions={
        <Confirm
          trigger={<Button kind="danger">{t("sourceEdit.delete")}</Button>}
          title={t("sourceEdit.deleteTitle", { name: source.name })}
          text={text}
          action={t("actions.delete")}
          danger
          onConfirm={remove}
        />
      }
    >
      {null}
    </Card>
  );
}
