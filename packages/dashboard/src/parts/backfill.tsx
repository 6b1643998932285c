/** Backfill of a source: settings, manual runs, and results. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ApiError, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Form, FormRow, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { splitValues } from "../components/options.ts";
import { PickListField } from "../components/pick-field.tsx";
import { eventTypesOf } from "../lib/option-sources.ts";
import { Card, Columns } from "../components/page.tsx";
import { Empty, Failed, Loading } from "../components/state.tsx";
import {
  type BackfillProvider,
  backfillProviderOf,
  backfillFromForm,
  type BackfillSettings,
  settingText,
} from "../lib/backfill.ts";
import type { Source } from "../lib/source-form.ts";
import { BackfillRuns, StartRun } from "./backfill-runs.tsx";

export function Backfill({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const provider = backfillProviderOf(source.type);
  const stored = useQuery({
    queryKey: ["source", source.id, "backfill"],
    queryFn: () => loadSettings(source.id),
    enabled: provider !== null,
  });
  if (provider === null) {
    return (
      <Card title={t("backfill.title")}>
        <Empty>{t("backfill.notPossible")}</Empty>
      </Card>
    );
  }
  if (stored.error !== null) return <Failed error={stored.error} retry={() => void stored.refetch()} />;
  if (stored.data === undefined) return <Loading />;
  const { settings } = stored.data;
  return (
    <>
      <Columns>
        <Settings key={settings?.updatedAt ?? ""} source={source.id} provider={provider} settings={settings} />
        <StartRun source={source.id} settings={settings} />
      </Columns>
      {settings !== null && <BackfillRuns source={source.id} />}
    </>
  );
}

/** Loads the backfill settings; `null` when backfill is not set up, which the API reports as 404. */
async function loadSettings(source: string): Promise<{ readonly settings: BackfillSettings | null }> {
  try {
    const params = { path: { source_id: source } };
    return { settings: await must(api.GET("/ingest/api/v1/source/{source_id}/backfill", { params })) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { settings: null };
    throw error;
  }
}

interface SettingsProps {
  readonly source: string;
  readonly provider: BackfillProvider;
  readonly settings: BackfillSettings | null;
}

function Settings({ source, provider, settings }: SettingsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { source_id: source };
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ["source", source, "backfill"] });
  const save = useMutation({
    mutationFn: (values: FormValues) =>
      must(
        api.PUT("/ingest/api/v1/source/{source_id}/backfill", {
          params: { path },
          body: backfillFromForm(provider, values),
        }),
      ),
    onSuccess: refresh,
  });
  const remove = async (): Promise<void> => {
    await must(api.DELETE("/ingest/api/v1/source/{source_id}/backfill", { params: { path } }));
    await refresh();
  };
  return (
    <Card title={t("backfill.title")} lead={t("backfill.lead")}>
      <Form
        needs="sources:write"
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={
          <>
            {settings !== null && (
              <Confirm
                trigger={<Button kind="danger">{t("backfill.stop")}</Button>}
                title={t("backfill.stopTitle")}
                text={t("backfill.stopText")}
                action={t("backfill.stop")}
                danger
                onConfirm={remove}
              />
            )}
            <Button type="submit" kind="primary" disabled={save.isPending}>
              {t("actions.save")}
            </Button>
          </>
        }
      >
        {provider === "github" ? (
          <GitHubFields settings={settings} />
        ) : (
          <StripeFields source={source} settings={settings} />
        )}
        <FormRow>
          <TextField
            name="token"
            type="password"
            label={t("backfill.token")}
            help={t(settings === null ? `backfill.tokens.${provider}` : "backfill.tokenKept")}
            required={settings === null}
          />
          <TextField
            name="everyMinutes"
            type="number"
            min={5}
            max={43_200}
            label={t("backfill.every")}
            help={t("backfill.everyHelp")}
            value={settings?.everyMinutes === null ? "" : String(settings?.everyMinutes ?? "60")}
          />
        </FormRow>
        <TextField
          name="apiUrl"
          type="url"
          label={t("backfill.apiUrl")}
          help={t("backfill.apiUrlHelp")}
          value={settingText(settings, "apiUrl")}
        />
      </Form>
    </Card>
  );
}

interface FieldsProps {
  readonly settings: BackfillSettings | null;
}

function GitHubFields({ settings }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <FormRow>
        <TextField
          name="owner"
          label={t("backfill.owner")}
          placeholder="acme/shop"
          value={settingText(settings, "owner")}
          required
        />
        <TextField
          name="hookId"
          type="number"
          min={1}
          label={t("backfill.hookId")}
          help={t("backfill.hookIdHelp")}
          value={settingText(settings, "hookId")}
          required
        />
      </FormRow>
      <SelectField
        name="mode"
        label={t("backfill.mode")}
        value={settingText(settings, "mode") || "redeliver"}
        choices={(["redeliver", "fetch"] as const).map((value) => ({ value, label: t(`backfill.modes.${value}`) }))}
      />
    </>
  );
}

function StripeFields({ source, settings }: FieldsProps & { readonly source: string }) {
  const { t } = useTranslation();
  return (
    <FormRow>
      <PickListField
        name="eventTypes"
        source={eventTypesOf(source)}
        label={t("endpoints.types")}
        help={t("endpoints.typesHelp")}
        value={splitValues(settingText(settings, "eventTypes"))}
        placeholder="invoice.paid, charge.failed"
      />
      <TextField
        name="account"
        label={t("backfill.account")}
        help={t("backfill.accountHelp")}
        value={settingText(settings, "account")}
        placeholder="acct_…"
      />
    </FormRow>
  );
}
