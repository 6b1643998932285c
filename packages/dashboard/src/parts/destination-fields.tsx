import { useTranslation } from "react-i18next";
import { AreaField, SelectField, SwitchField, TextField } from "../components/form.tsx";
import { type DestinationField, type DestinationKind, hasCard, inputName } from "../lib/destination-config.ts";
import { DestinationPreview } from "./destination-preview.tsx";
import styles from "./destination.module.css";

export interface DestinationFieldsProps {
  readonly kind: DestinationKind;
  /** Stored configuration without secrets; absent for a new endpoint. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Whether each secret has a value. */
  readonly secrets?: Readonly<Record<string, boolean>> | undefined;
}

/** Setup steps, the fields that the kind declares, and a preview of its messages. */
export function DestinationFields({ kind, config, secrets }: DestinationFieldsProps) {
  const { t } = useTranslation();
  return (
    <div className={styles["fields"]}>
      <details>
        <summary>{t("destinations.setup", { title: kind.title })}</summary>
        <ol className={styles["steps"]}>
          {kind.setup.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </details>
      {kind.fields.map((field) => (
        <ConfigField
          key={field.name}
          field={field}
          value={config?.[field.name]}
          isSet={secrets?.[field.name] === true}
        />
      ))}
      {hasCard(kind) && <DestinationPreview kind={kind} />}
    </div>
  );
}

interface ConfigFieldProps {
  readonly field: DestinationField;
  readonly value: unknown;
  /** For secrets: a value is stored. */
  readonly isSet: boolean;
}

function ConfigField({ field, value, isSet }: ConfigFieldProps) {
  const { t } = useTranslation();
  const name = inputName(field.name);
  const label = field.required ? field.label : t("destinations.optional", { label: field.label });
  const current = value ?? field.default;
  const text = typeof current === "string" || typeof current === "number" ? String(current) : "";
  const placeholder = isSet ? t("destinations.secretSet") : (field.example ?? "");
  const shared = { name, label, help: field.help, placeholder } as const;
  switch (field.type) {
    case "boolean":
      return <SwitchField name={name} label={field.label} defaultChecked={current === true} />;
    case "choice":
      return (
        <SelectField
          name={name}
          label={label}
          help={field.help}
          value={text}
          choices={(field.choices ?? []).map((choice) => ({ value: choice, label: choice }))}
        />
      );
    case "integer":
      return <TextField {...shared} type="number" value={text} {...boundsOf(field)} />;
    case "text":
    case "url": {
      const required = field.required && !isSet;
      if (field.multiline === true) return <AreaField {...shared} value={text} rows={3} required={required} />;
      return <TextField {...shared} type={field.secret ? "password" : "text"} value={text} required={required} />;
    }
  }
}

function boundsOf({ minimum, maximum }: DestinationField): { readonly min?: number; readonly max?: number } {
  return { ...(minimum === undefined ? {} : { min: minimum }), ...(maximum === undefined ? {} : { max: maximum }) };
}
