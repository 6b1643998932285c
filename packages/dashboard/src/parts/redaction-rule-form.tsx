import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Allowed } from "../components/allowed.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { PickField, PickListField } from "../components/pick-field.tsx";
import { eventTypesOf, PLACES } from "../lib/option-sources.ts";
import { FormError, FormRow, type FormValues, SelectField, SwitchField, TextField } from "../components/form.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { Note } from "../components/state.tsx";
import { CodeArea } from "./code-area.tsx";

export type RedactionRule = components["schemas"]["RedactionRuleOut"];
type Action = RedactionRule["action"];

const DAY_SECONDS = 86_400;
const SAMPLE = `{
  "customer": { "email": "ada@example.com" },
  "card": { "number": "4111111111111111" }
}`;

export interface RuleDialogProps {
  readonly trigger: ReactElement;
  readonly title: string;
  readonly submit: string;
  /** `null`: a new rule. */
  readonly rule: RedactionRule | null;
  readonly save: (values: RuleValues) => Promise<unknown>;
  readonly onSaved: () => Promise<void>;
}

/** What the form edits. */
export interface RuleValues {
  readonly path: string | null;
  readonly pattern: string | null;
  readonly action: Action;
  readonly eventTypes: string[] | null;
  readonly keepExactSeconds: number;
  readonly description: string;
  readonly disabled: boolean;
  /** ID of an application or source; empty: all. */
  readonly scope: string;
}

/** Dialog to create or change a redaction rule, with a preview on a sample payload. */
export function RuleDialog({ trigger, title, submit, rule, save, onSaved }: RuleDialogProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [isPattern, setPattern] = useState(rule !== null && rule.pattern !== null);
  const [target, setTarget] = useState(rule?.path ?? rule?.pattern ?? "");
  const [action, setAction] = useState<Action>(rule?.action ?? "mask");
  const selected = { path: isPattern ? null : target.trim(), pattern: isPattern ? target : null, action };
  const saving = useMutation({
    mutationFn: (values: FormValues) => save({ ...selected, ...otherValues(values, rule) }),
    onSuccess: async () => {
      setOpen(false);
      await onSaved();
    },
  });
  return (
    <FormDialog
      needs="settings:write"
      wide
      trigger={trigger}
      title={title}
      open={open}
      onOpenChange={setOpen}
      submit={submit}
      onSubmit={(values) => saving.mutate(values)}
      error={saving.error}
      busy={saving.isPending}
    >
      <FormRow>
        <SelectField
          label={t("redaction.by")}
          value={isPattern ? "pattern" : "path"}
          onChange={(by) => setPattern(by === "pattern")}
          choices={[
            { value: "path", label: t("redaction.byPath") },
            { value: "pattern", label: t("redaction.byPattern") },
          ]}
        />
        <SelectField
          label={t("redaction.action")}
          help={t("redaction.actionHelp")}
          value={action}
          onChange={(chosen) => setAction(chosen as Action)}
          choices={(["mask", "hash"] as const).map((value) => ({ value, label: t(`redaction.actions.${value}`) }))}
        />
      </FormRow>
      <TextField
        name="target"
        label={t(isPattern ? "redaction.byPattern" : "redaction.byPath")}
        help={t(isPattern ? "redaction.patternHelp" : "redaction.pathHelp")}
        value={target}
        onValue={setTarget}
        required
        autoFocus
      />
      <OtherFields rule={rule} />
      <Allowed to="payloads:read">
        <Preview rule={selected} />
      </Allowed>
    </FormDialog>
  );
}

function OtherFields({ rule }: Pick<RuleDialogProps, "rule">) {
  const { t } = useTranslation();
  return (
    <>
      <FormRow>
        <PickListField
          source={eventTypesOf(undefined)}
          name="eventTypes"
          label={t("redaction.eventTypes")}
          help={t("redaction.eventTypesHelp")}
          value={rule?.eventTypes ?? []}
        />
        {rule === null && (
          <PickField source={PLACES} name="scope" label={t("redaction.scope")} help={t("redaction.scopeHelp")} />
        )}
      </FormRow>
      <TextField
        name="keepDays"
        type="number"
        min={0}
        max={90}
        step="any"
        label={t("redaction.keepDays")}
        help={t("redaction.keepHelp")}
        value={String((rule?.keepExactSeconds ?? 0) / DAY_SECONDS)}
      />
      <TextField name="description" label={t("redaction.description")} value={rule?.description ?? ""} />
      {rule !== null && <SwitchField name="disabled" label={t("redaction.disabled")} defaultChecked={rule.disabled} />}
    </>
  );
}

/** Shows the effect of the rule on a sample payload, without saving it. */
function Preview({ rule }: { readonly rule: Pick<RuleValues, "path" | "pattern" | "action"> }) {
  const { t } = useTranslation();
  const [payload, setPayload] = useState(SAMPLE);
  const run = useMutation({
    mutationFn: () => {
      const sample = { payload, contentType: "application/json", eventType: "example" };
      return must(api.POST("/api/v1/redaction/try", { body: { ...sample, rules: [rule] } }));
    },
  });
  const { data } = run;
  return (
    <>
      <CodeArea label={t("redaction.sample")} value={payload} onChange={setPayload} rows={5} language="json" />
      <div>
        <Button onClick={() => run.mutate()} disabled={run.isPending}>
          {t("redaction.preview")}
        </Button>
      </div>
      <FormError error={run.error} />
      {data !== undefined && (
        <>
          <CodeBlock label={t("redaction.previewResult")} text={data.payload} />
          <Note tone={data.whole ? "bad" : "good"}>
            {data.whole ? t("redaction.previewWhole") : t("redaction.previewParts", { count: data.parts })}
          </Note>
        </>
      )}
    </>
  );
}

function otherValues(
  { eventTypes = "", keepDays = "0", description = "", disabled, scope = "" }: FormValues,
  rule: RedactionRule | null,
): Omit<RuleValues, "path" | "pattern" | "action"> {
  const names = eventTypes
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return {
    eventTypes: names.length === 0 ? null : names,
    keepExactSeconds: Math.round(Number(keepDays) * DAY_SECONDS),
    description,
    disabled: rule !== null && disabled === "on",
    scope: scope.trim(),
  };
}
