import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, TextField } from "../components/form.tsx";
import { Note } from "../components/state.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { toConfig } from "../lib/destination-config.ts";
import { GENERIC, type SourceIn } from "../lib/source-form.ts";
import { TABLE_KIND, WEBHOOK_KIND } from "../lib/source-kind.ts";
import { DestinationFields } from "./destination-fields.tsx";
import { PROVIDERS } from "./destination-mark.tsx";
import { DestinationPicker, type PickedKind } from "./destination-picker.tsx";
import { SourceSecretField } from "./source-secret-field.tsx";
import { SecretWarnings } from "./secret-warnings.tsx";
import { type LocalSourceKind, useSourceKinds } from "./use-destination-kinds.ts";
import { useSourceTypes } from "./use-source-types.ts";

/** Prefix of providers in the picker: a provider and a kind can have the same name. */
const PROVIDER = "provider:";

/** Button and dialog for a new source: a kind that Posthorn reads, or a provider that sends webhooks. */
export function NewSource() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useDialog("new-source");
  const [picked, setPicked] = useState(PROVIDER + GENERIC);
  const kinds = useSourceKinds();
  const choices = useChoices(kinds, open);
  const kind = kinds?.find((one) => one.kind === picked);
  const isTable = picked === TABLE_KIND;
  const show = (source: string) => navigate({ to: "/sources/$source", params: { source } });
  const create = useMutation({
    mutationFn: (body: SourceIn) => must(api.POST("/ingest/api/v1/source", { body })),
    onSuccess: async ({ id, warnings = [] }) => {
      await queries.invalidateQueries({ queryKey: ["sources"] });
      // Navigating away would hide the warnings.
      if (warnings.length === 0) await show(id);
    },
  });
  const change = (next: boolean): void => {
    if (next) create.reset();
    setOpen(next);
  };
  const trigger = <AddButton>{t("sources.new")}</AddButton>;
  const made = create.data;
  if (made?.warnings !== undefined && made.warnings.length > 0) {
    return (
      <Dialog needs="sources:write" trigger={trigger} title={t("sources.new")} open={open} onOpenChange={change}>
        <SecretWarnings warnings={made.warnings} />
        <Button kind="primary" onClick={() => void show(made.id)}>
          {t("secretWarnings.open")}
        </Button>
      </Dialog>
    );
  }
  return (
    <FormDialog
      needs="sources:write"
      title={t("sources.new")}
      trigger={trigger}
      wide
      open={open}
      onOpenChange={change}
      submit={t(isTable ? "tableSources.continue" : "actions.create")}
      onSubmit={(values) => {
        if (isTable) void navigate({ to: "/sources/tables" });
        else create.mutate(kind === undefined ? webhookOf(picked, values) : toSourceIn(kind, values));
      }}
      error={create.error}
      busy={create.isPending}
    >
      <DestinationPicker kinds={choices} of="sourceKinds" value={picked} onChange={setPicked} />
      {isTable ? (
        <Note>{t("tableSources.onlyCommand")}</Note>
      ) : (
        <TextField
          name="name"
          label={t("applications.name")}
          placeholder={kind === undefined ? t("sourceKinds.nameExample") : ""}
          required
        />
      )}
      {isTable ? null : kind === undefined ? (
        <SourceSecretField help={t("sources.secretHelp")} />
      ) : (
        <DestinationFields key={kind.kind} kind={kind} />
      )}
    </FormDialog>
  );
}

function webhookOf(picked: string, { name = "", secret = "" }: FormValues): SourceIn {
  const type = picked.slice(PROVIDER.length);
  const hasSecret = secret.trim() !== "";
  return {
    name,
    type,
    ...(hasSecret ? { secrets: [secret] } : {}),
    ...(type === GENERIC && !hasSecret ? { allowUnsigned: true } : {}),
  };
}

function toSourceIn({ kind, fields }: LocalSourceKind, values: FormValues): SourceIn {
  const config = Object.entries(toConfig(fields, values)).filter(([, value]) => value !== null);
  return { name: values["name"] ?? "", kind, config: Object.fromEntries(config) };
}

/** A kind that the API does not create, but which has a page. */
function byCommand(kind: PickedKind): PickedKind {
  return kind.problem?.code === "kind_not_allowed" ? kind : { ...kind, available: true, problem: null };
}

/** The kinds, and then the providers of webhooks. */
function useChoices(kinds: readonly LocalSourceKind[] | undefined, isOpen: boolean): readonly PickedKind[] {
  const { t } = useTranslation();
  const types = useSourceTypes(isOpen);
  return useMemo(() => {
    const summaryOf = (type: string): string =>
      t(type === GENERIC ? "sourceKinds.genericSummary" : "sourceKinds.providerSummary");
    const known = (types ?? []).filter(({ type }) => type !== GENERIC);
    const providers = [{ type: GENERIC, name: t("sources.generic") }, ...known].map(({ type, name }): PickedKind => ({
      kind: PROVIDER + type,
      title: name,
      summary: { text: summaryOf(type), isEnglish: false },
      group: PROVIDERS,
      available: true,
      problem: null,
      searched: `${type} ${name} webhook`.toLowerCase(),
    }));
    const read = (kinds ?? []).filter(({ kind }) => kind !== WEBHOOK_KIND);
    return [...read.map((kind) => (kind.kind === TABLE_KIND ? byCommand(kind) : kind)), ...providers];
  }, [kinds, types, t]);
}
