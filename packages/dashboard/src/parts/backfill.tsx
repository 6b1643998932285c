/** Asking the provider what it sent, and getting what was missed. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ApiError, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Form, FormRow, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { Card, Columns } from "../components/page.tsx";
import { Empty, Failed, Loading } from "../components/state.tsx";
import {
  type Reconciled,
  reconciledOf,
  reconciliationFromForm,
  type Reconciliation,
  settingText,
} from "../lib/backfill.ts";
import type { Source } from "../lib/source-form.ts";
import { ReconcileRuns, StartRun } from "./backfill-runs.tsx";

export function Reconcile({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const provider = reconciledOf(source.type);
  const stored = useQuery({
    queryKey: ["source", source.id, "reconcile"],
    queryFn: () => storedOf(source.id),
    enabled: provider !== null,
  });
  if (provider === null) {
    return (
      <Card title={t("reconcile.title")}>
        <Empty>{t("reconcile.notPossible")}</Empty>
      </Card>
    );
  }
  if (stored.error !== null) return <Failed error={stored.error} retry={() => void stored.refetch()} />;
  if (stored.data === undefined) return <Loading />;
  const { reconciliation } = stored.data;
  return (
    <>
      <Columns>
        <Settings
          key={reconciliation?.updatedAt ?? ""}
          source={source.id}
          provider={provider}
          reconciliation={reconciliation}
        />
        <StartRun source={source.id} reconciliation={reconciliation} />
      </Columns>
      {reconciliation !== null && <ReconcileRuns source={source.id} />}
    </>
  );
}

/** A source that was never set up for it is no fault. */
async function storedOf(source: string): Promise<{ readonly reconciliation: Reconciliation | null }> {
  try {
    const params = { path: { source_id: source } };
    return { reconciliation: await must(api.GET("/ingest/api/v1/source/{source_id}/reconcile", { params })) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { reconciliation: null };
    throw error;
  }
}

interface SettingsProps {
  readonly source: string;
  readonly provider: Reconciled;
  readonly reconciliation: Reconciliation | null;
}

function Settings({ source, provider, reconciliation }: SettingsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { source_id: source };
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: ["source", source, "reconcile"] });
  const save = useMutation({
    mutationFn: (values: FormValues) =>
      must(
        api.PUT("/ingest/api/v1/source/{source_id}/reconcile", {
          params: { path },
          body: reconciliationFromForm(provider, values),
        }),
      ),
    onSuccess: renew,
  });
  const remove = async (): Promise<void> => {
    await must(api.DELETE("/ingest/api/v1/source/{source_id}/reconcile", { params: { path } }));
    await renew();
  };
  return (
    <Card title={t("reconcile.title")} lead={t("reconcile.lead")}>
      <Form
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={
          <>
            {reconciliation !== null && (
              <Confirm
                trigger={<Button kind="danger">{t("reconcile.stop")}</Button>}
                title={t("reconcile.stopTitle")}
                text={t("reconcile.stopText")}
                action={t("reconcile.stop")}
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
          <GitHubFields reconciliation={reconciliation} />
        ) : (
          <StripeFields reconciliation={reconciliation} />
        )}
        <FormRow>
          <TextField
            name="token"
            type="password"
            label={t("reconcile.token")}
            help={t(reconciliation === null ? `reconcile.tokens.${provider}` : "reconcile.tokenKept")}
            required={reconciliation === null}
          />
          <TextField
            name="everyMinutes"
            type="number"
            min={5}
            max={43_200}
            label={t("reconcile.every")}
            help={t("reconcile.everyHelp")}
            value={reconciliation?.everyMinutes === null ? "" : String(reconciliation?.everyMinutes ?? "60")}
          />
        </FormRow>
        <TextField
          name="apiUrl"
          type="url"
          label={t("reconcile.apiUrl")}
          help={t("reconcile.apiUrlHelp")}
          value={settingText(reconciliation, "apiUrl")}
        />
      </Form>
    </Card>
  );
}

interface FieldsProps {
  readonly reconciliation: Reconciliation | null;
}

function GitHubFields({ reconciliation }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <FormRow>
        <TextField
          name="owner"
          label={t("reconcile.owner")}
          placeholder="acme/shop"
          value={settingText(reconciliation, "owner")}
          required
        />
        <TextField
          name="hookId"
          type="number"
          min={1}
          label={t("reconcile.hookId")}
          help={t("reconcile.hookIdHelp")}
          value={settingText(reconciliation, "hookId")}
          required
        />
      </FormRow>
      <SelectField
        name="mode"
        label={t("reconcile.mode")}
        value={settingText(reconciliation, "mode") || "redeliver"}
        choices={(["redeliver", "fetch"] as const).map((value) => ({ value, label: t(`reconcile.modes.${value}`) }))}
      />
    </>
  );
}

function StripeFields({ reconciliation }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <FormRow>
      <TextField
        name="eventTypes"
        label={t("endpoints.types")}
        help={t("endpoints.typesHelp")}
        value={settingText(reconciliation, "eventTypes")}
        placeholder="invoice.paid, charge.failed"
      />
      <TextField
        name="account"
        label={t("reconcile.account")}
        help={t("reconcile.accountHelp")}
        value={settingText(reconciliation, "account")}
        placeholder="acct_…"
      />
    </FormRow>
  );
}
