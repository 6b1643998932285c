import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { ChecksField, FormRow, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { Note } from "../components/state.tsx";
import { namesOf } from "./type-picker.tsx";

type Rule = components["schemas"]["AlertRuleOut"];
type Kind = Rule["kind"];
type Threshold = keyof Rule["params"];

/** Thresholds of each kind, with their defaults. */
const THRESHOLDS: Readonly<Record<Kind, Readonly<Partial<Record<Threshold, number>>>>> = {
  "endpoint-failing": { minutes: 10 },
  "circuit-open": {},
  "success-rate": { percent: 95, minutes: 15, count: 20 },
  "retries-exhausted": { count: 1, minutes: 60 },
  "backlog-age": { minutes: 15 },
  incident: { count: 1 },
  "source-inactive": {},
  quarantine: { count: 10, minutes: 15 },
  "certificate-expiry": { days: 14 },
  disk: { days: 14 },
};
const KINDS = Object.keys(THRESHOLDS) as Kind[];
const DIGESTS = ["off", "hourly", "daily"] as const;

export interface AlertRuleDialogProps {
  readonly targets: readonly { readonly id: string; readonly name: string }[];
  /** The rule to change; absent: a new one. */
  readonly rule?: Rule;
}

/** Form of an alert rule. */
export function AlertRuleDialog({ targets, rule }: AlertRuleDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useDialog(rule === undefined ? "new-alert-rule" : null);
  const [kind, setKind] = useState<Kind>(rule?.kind ?? "endpoint-failing");
  const save = useMutation({
    mutationFn: (body: components["schemas"]["AlertRuleIn"]) =>
      rule === undefined
        ? must(api.POST("/api/v1/alert-rule", { body }))
        : must(api.PATCH("/api/v1/alert-rule/{alert_rule_id}", { params: { path: { alert_rule_id: rule.id } }, body })),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["alert-rules"] });
    },
  });
  const title = t(rule === undefined ? "alerts.new" : "alerts.edit");
  return (
    <FormDialog
      needs="settings:write"
      trigger={rule === undefined ? <AddButton>{title}</AddButton> : <Button small>{title}</Button>}
      title={title}
      wide
      open={open}
      onOpenChange={setOpen}
      submit={t(rule === undefined ? "actions.create" : "actions.save")}
      onSubmit={(values) => save.mutate(bodyOf(values, kind, rule))}
      error={save.error}
      busy={save.isPending}
    >
      <TextField name="name" label={t("alerts.name")} value={rule?.name ?? ""} required />
      <SelectField
        label={t("alerts.kind")}
        value={kind}
        onChange={(value) => setKind(value as Kind)}
        choices={KINDS.map((value) => ({ value, label: t(`alerts.kinds.${value}`) }))}
      />
      <Thresholds key={kind} kind={kind} params={rule !== undefined && rule.kind === kind ? rule.params : {}} />
      {targets.length === 0 ? (
        <Note>{t("alerts.noTargetsYet")}</Note>
      ) : (
        <ChecksField
          name="targets"
          label={t("alerts.targets")}
          help={t("alerts.targetsHelp")}
          choices={targets.map(({ id, name }) => ({ value: id, label: name }))}
          value={rule?.targets ?? []}
        />
      )}
      <SelectField
        name="digest"
        label={t("alerts.digest")}
        value={rule?.digest ?? "off"}
        choices={DIGESTS.map((value) => ({ value, label: t(`alerts.digests.${value}`) }))}
      />
      <FormRow>
        <TextField
          name="from"
          type="time"
          label={t("alerts.quietFrom")}
          value={rule?.quietHours?.from ?? ""}
          help={t("alerts.quietHelp", { zone: zoneOf(rule) })}
        />
        <TextField name="until" type="time" label={t("alerts.quietUntil")} value={rule?.quietHours?.until ?? ""} />
      </FormRow>
    </FormDialog>
  );
}

function Thresholds({ kind, params }: { readonly kind: Kind; readonly params: Rule["params"] }) {
  const { t } = useTranslation();
  const thresholds = Object.entries(THRESHOLDS[kind]) as [Threshold, number][];
  if (thresholds.length === 0) return null;
  return (
    <FormRow>
      {thresholds.map(([name, standard]) => (
        <TextField
          key={name}
          name={name}
          type="number"
          min={1}
          max={1_000_000}
          label={t(labelOf(kind, name))}
          value={String(params[name] ?? standard)}
          required
        />
      ))}
    </FormRow>
  );
}

type LabelName = "failingFor" | "leastAttempts" | "within" | "deliveries" | "lateBy" | "customers" | "requests";

/** Texts of thresholds whose meaning depends on the kind. */
const LABELS: Partial<Readonly<Record<Kind, Readonly<Partial<Record<Threshold, `alerts.thresholds.${LabelName}`>>>>>> =
  {
    "endpoint-failing": { minutes: "alerts.thresholds.failingFor" },
    "success-rate": { count: "alerts.thresholds.leastAttempts", minutes: "alerts.thresholds.within" },
    "retries-exhausted": { count: "alerts.thresholds.deliveries", minutes: "alerts.thresholds.within" },
    "backlog-age": { minutes: "alerts.thresholds.lateBy" },
    incident: { count: "alerts.thresholds.customers" },
    quarantine: { count: "alerts.thresholds.requests", minutes: "alerts.thresholds.within" },
  };

function labelOf(kind: Kind, name: Threshold) {
  return LABELS[kind]?.[name] ?? (`alerts.thresholds.${name}` as const);
}

/** Time zone of the quiet hours: that of the rule, so that a colleague elsewhere can edit it, or that of the browser. */
function zoneOf(rule: Rule | undefined): string {
  return rule?.quietHours?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function bodyOf(values: FormValues, kind: Kind, rule: Rule | undefined): components["schemas"]["AlertRuleIn"] {
  const { name = "", targets, digest = "off", from = "", until = "" } = values;
  const names = Object.keys(THRESHOLDS[kind]) as Threshold[];
  return {
    name,
    kind,
    params: Object.fromEntries(names.map((threshold) => [threshold, Number(values[threshold])])),
    targets: namesOf(targets) ?? [],
    digest: digest as (typeof DIGESTS)[number],
    quietHours: from === "" && until === "" ? null : { from, until, timeZone: zoneOf(rule) },
    enabled: rule?.enabled ?? true,
  };
}
