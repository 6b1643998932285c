import { useMutation } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { useAudience } from "../session/audience.ts";
import formStyles from "../components/form.module.css";
import { Card } from "../components/page.tsx";
import { formatDuration } from "../lib/format.ts";
import { fieldsOf, longDurationMs, type Policy, type PolicyField, policyPatch, toText } from "../lib/policy.ts";
import type { RetryBackoff } from "../lib/retry-timeline.ts";
import { RetryTimeline } from "./retry-timeline.tsx";
import { UnsavedChanges } from "./unsaved-changes.tsx";
import styles from "./policy-editor.module.css";

export interface PolicyEditorProps {
  readonly level: "endpoint" | "application";
  readonly policy: {
    readonly policy: object;
    readonly effective: object;
    readonly sources: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  /** Sections that do not apply. They are neither shown nor changed. */
  readonly hidden?: readonly string[];
  readonly onSave: (patch: Record<string, never>) => Promise<void>;
}

/** Editor of a delivery policy. Each field shows its effective value and where it comes from; empty fields are inherited. */
export function PolicyEditor({ level, policy, hidden, onSave }: PolicyEditorProps) {
  const { t } = useTranslation();
  const needs = level === "application" ? "settings:write" : "endpoints:write";
  const isReadOnly = !useAudience().may(needs);
  const form = useRef<HTMLFormElement>(null);
  const [isChanged, setChanged] = useState(false);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const own = policy.policy as Policy;
  const effective = policy.effective as Policy;
  const sections = Object.keys(effective).filter((section) => hidden?.includes(section) !== true);
  const fields = sections.flatMap((section) => fieldsOf(section, effective[section] ?? {}));
  const save = useMutation({
    mutationFn: async () => {
      const values = Object.fromEntries([...new FormData(form.current!)].map(([key, value]) => [key, value as string]));
      await onSave(policyPatch(fields, own, values) as Record<string, never>);
    },
    onSuccess: () => setChanged(false),
  });
  return (
    <form
      ref={form}
      key={JSON.stringify(own)}
      className={formStyles["form"]}
      onInput={({ target }) => {
        setChanged(true);
        const { name, value } = target as HTMLInputElement;
        if (name.startsWith("retry.")) setTyped((before) => ({ ...before, [name]: value }));
      }}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <UnsavedChanges when={isChanged && !save.isPending} />
      <p className="muted">{t(`policy.lead.${level}`)}</p>
      <fieldset disabled={isReadOnly} className={formStyles["readOnly"]}>
        {sections.map((section) => (
          <Card key={section} title={sectionName(t, section)} lead={sectionLead(t, section)}>
            <div className={styles["fields"]}>
              {fields
                .filter((field) => field.section === section)
                .map((field) => (
                  <Field
                    key={field.name}
                    field={field}
                    own={toText(field.kind, own[section]?.[field.name])}
                    holds={toText(field.kind, effective[section]?.[field.name])}
                    source={policy.sources[section]?.[field.name] ?? "platform"}
                    level={level}
                  />
                ))}
            </div>
            {section === "retry" && <Retries typed={typed} own={own} effective={effective} />}
          </Card>
        ))}
      </fieldset>
      {isReadOnly && <p className="muted">{t("actions.readOnly")}</p>}
      <div className={styles["foot"]}>
        <FormError error={save.error} />
        {save.isSuccess && <span role="status">{t("actions.saved")}</span>}
        <Button needs={needs} type="submit" kind="primary" disabled={save.isPending}>
          {t("actions.save")}
        </Button>
      </div>
    </form>
  );
}

interface RetriesProps {
  /** Fields that were changed since the policy was loaded. */
  readonly typed: Readonly<Record<string, string>>;
  readonly own: Policy;
  readonly effective: Policy;
}

function Retries({ typed, own, effective }: RetriesProps) {
  const text = (kind: "backoff" | "number", name: string): string =>
    typed[`retry.${name}`] ?? toText(kind, own["retry"]?.[name]);
  const maxAge = text("number", "maxAgeSeconds").trim();
  return (
    <RetryTimeline
      typed={text("backoff", "backoff")}
      holds={effective["retry"]?.["backoff"] as RetryBackoff}
      maxAgeSeconds={Number(maxAge === "" ? effective["retry"]?.["maxAgeSeconds"] : maxAge)}
    />
  );
}

interface FieldProps {
  readonly field: PolicyField;
  readonly own: string;
  readonly holds: string;
  readonly source: string;
  readonly level: PolicyEditorProps["level"];
}

function Field({ field, own, holds, source, level }: FieldProps) {
  const { t, i18n } = useTranslation();
  const id = useId();
  const duration = longDurationMs(field, own === "" ? holds : own);
  const key = `${field.section}.${field.name}`;
  const common = { id, name: key, className: formStyles["input"], "aria-describedby": `${id}-source` };
  const choices = field.kind === "boolean" ? ["true", "false"] : (field.choices ?? []);
  return (
    <div className={formStyles["field"]}>
      <label htmlFor={id} className={formStyles["label"]}>
        {fieldName(t, key, field.name)}
      </label>
      {choices.length > 0 ? (
        <select {...common} defaultValue={own}>
          <option value="">{t("policy.inherit", { value: choiceName(t, holds) })}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choiceName(t, choice)}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          type={field.kind === "number" ? "number" : "text"}
          step="any"
          defaultValue={own}
          placeholder={holds}
          autoComplete="off"
          spellCheck={false}
        />
      )}
      <span id={`${id}-source`} className={styles["source"]} data-own={source === level}>
        {t(`policy.sources.${source === level ? "own" : source === "application" ? "application" : "platform"}`)}
        {duration !== null && ` (${formatDuration(i18n.language, duration)})`}
      </span>
    </div>
  );
}

/** Translates `key`, or returns the API name when there is no translation. */
function named(t: TFunction, key: string, fallback: string): string {
  return (t as (key: string, options: { defaultValue: string }) => string)(key, { defaultValue: fallback });
}

function sectionName(t: TFunction, section: string): string {
  return named(t, `policy.sections.${section}`, section);
}

function sectionLead(t: TFunction, section: string): string {
  return named(t, `policy.about.${section}`, "");
}

function fieldName(t: TFunction, key: string, name: string): string {
  return named(t, `policy.fields.${key.replace(".", "_")}`, name);
}

function choiceName(t: TFunction, choice: string): string {
  return named(t, `policy.choices.${choice}`, choice);
}
