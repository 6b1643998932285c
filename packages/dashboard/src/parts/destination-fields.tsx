import { TriangleAlert } from "lucide-react";
import { Fragment, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { AreaField, type FormValues, SelectField, SwitchField, TextField } from "../components/form.tsx";
import type { OptionSource } from "../components/options.ts";
import { PickField } from "../components/pick-field.tsx";
import { RichText } from "../components/rich-text.tsx";
import { Note } from "../components/state.tsx";
import { formatDuration } from "../lib/format.ts";
import { changedTarget, hasCard, inputName, removalName } from "../lib/destination-config.ts";
import type { FormKind, LocalField } from "../lib/kind-texts.ts";
import { DueTimes, SCHEDULE_FIELDS } from "./due-times.tsx";
import { DestinationPreview } from "./destination-preview.tsx";
import styles from "./destination.module.css";

export interface DestinationFieldsProps {
  readonly kind: FormKind;
  /** Stored configuration without secrets; absent for a new endpoint. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Whether each secret has a value. */
  readonly secrets?: Readonly<Record<string, boolean>> | undefined;
  /** Objects that fields of this name stand for, which are chosen by name. */
  readonly picks?: Readonly<Record<string, OptionSource>>;
}

/** Setup steps, the fields that the kind declares, and a preview of its messages. */
export function DestinationFields({ kind, config, secrets, picks }: DestinationFieldsProps) {
  const { t } = useTranslation();
  const root = useRef<HTMLDivElement>(null);
  const target = useChangedTarget(root, kind, config);
  const stored = kind.fields.filter(({ secret, name }) => secret && secrets?.[name] === true);
  // A secret that is itself the target is not sent elsewhere.
  const asked = new Set(target === null ? [] : stored.filter((field) => field !== target).map(({ name }) => name));
  return (
    <div ref={root} className={styles["fields"]}>
      {kind.setup.length > 0 && (
        <details>
          <summary>{t("destinations.setup", { title: kind.title })}</summary>
          <ol className={styles["steps"]}>
            {kind.setup.map((step) => (
              <li key={step.text}>
                <RichText {...step} />
              </li>
            ))}
          </ol>
        </details>
      )}
      {kind.fields.map((field) => (
        <Fragment key={field.name}>
          <ConfigField
            field={field}
            value={config?.[field.name]}
            isSet={secrets?.[field.name] === true}
            isAsked={asked.has(field.name)}
            pick={picks?.[field.name]}
          />
          {field === lastOfSchedule(kind) && <DueTimes />}
        </Fragment>
      ))}
      {target !== null && asked.size > 0 && (
        <Note tone="warn">
          {t("destinations.again", {
            target: target.label,
            secrets: stored.flatMap(({ name, label }) => (asked.has(name) ? [label] : [])).join(", "),
          })}
        </Note>
      )}
      {hasCard(kind) && <DestinationPreview kind={kind} />}
    </div>
  );
}

/** The changed field that decides where secrets are sent; `null`: none, or the endpoint is new. */
function useChangedTarget(
  root: RefObject<HTMLElement | null>,
  kind: FormKind,
  config: DestinationFieldsProps["config"],
): LocalField | null {
  const [target, setTarget] = useState<LocalField | null>(null);
  useEffect(() => {
    const form = root.current?.closest("form");
    if (config === undefined || form === null || form === undefined) return;
    const read = (): void => setTarget(changedTarget(kind.fields, config, textsOf(form)));
    // Deferred: switches report changes only through clicks and set their value afterwards, and comboboxes would lose typed text.
    const later = (): void => void requestAnimationFrame(read);
    form.addEventListener("input", later);
    form.addEventListener("click", later);
    return () => {
      form.removeEventListener("input", later);
      form.removeEventListener("click", later);
    };
  }, [root, kind, config]);
  return target;
}

function textsOf(form: HTMLFormElement): FormValues {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value as string]));
}

interface PickConfigFieldProps {
  readonly name: string;
  readonly label: string;
  readonly help: ReactNode;
  readonly placeholder: string;
  readonly source: OptionSource;
  readonly value: string;
}

/** Dispatches an input event for a choice, as text fields do while the reader types. */
function PickConfigField({ value, ...field }: PickConfigFieldProps) {
  const [chosen, setChosen] = useState(value);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen !== value) root.current?.dispatchEvent(new Event("input", { bubbles: true }));
  }, [chosen, value]);
  return (
    <div ref={root}>
      <PickField {...field} value={chosen} onChange={setChosen} />
    </div>
  );
}

interface ConfigFieldProps {
  readonly field: LocalField;
  readonly value: unknown;
  /** For secrets: a value is stored. */
  readonly isSet: boolean;
  /** For secrets: the stored value must be entered again. */
  readonly isAsked: boolean;
  /** The objects that the value can name. */
  readonly pick: OptionSource | undefined;
}

function ConfigField({ field, value, isSet, isAsked, pick }: ConfigFieldProps) {
  const { t } = useTranslation();
  const name = inputName(field.name);
  const label = field.required ? field.label : t("destinations.optional", { label: field.label });
  const current = value ?? field.default;
  const text = typeof current === "string" || typeof current === "number" ? String(current) : "";
  const help = <RichText {...field.help} />;
  const placeholder = isSet
    ? t(isAsked ? "destinations.secretAgain" : "destinations.secretSet")
    : (field.example ?? "");
  const shared = { name, label, help, placeholder } as const;
  if (pick !== undefined) return <PickConfigField {...shared} source={pick} value={text} />;
  switch (field.type) {
    case "boolean":
      return <SwitchField name={name} label={field.label} help={help} defaultChecked={current === true} />;
    case "choice":
      return (
        <SelectField
          name={name}
          label={label}
          help={help}
          value={text}
          choices={(field.choices ?? []).map((choice) => ({ value: choice, label: choice }))}
        />
      );
    case "integer":
      return field.name.endsWith("Seconds") ? (
        <SecondsField {...shared} help={field.help} value={text} {...boundsOf(field)} />
      ) : (
        <TextField {...shared} type="number" value={text} {...boundsOf(field)} />
      );
    case "text":
    case "url": {
      const required = field.required && (!isSet || isAsked);
      const input =
        field.multiline === true ? (
          <AreaField {...shared} value={text} rows={3} required={required} />
        ) : (
          <TextField
            {...shared}
            type={field.secret ? "password" : "text"}
            value={text}
            required={required}
            {...(field.name === "timeZone" ? { suggestions: TIME_ZONES } : {})}
          />
        );
      if (!field.secret || !isSet) return input;
      return (
        <div className={styles["secret"]} data-asked={isAsked || undefined}>
          {input}
          {isAsked && (
            <p className={styles["asked"]}>
              <TriangleAlert aria-hidden /> {t("destinations.secretAgain")}
            </p>
          )}
          {!field.required && <SwitchField name={removalName(field.name)} label={t("destinations.secretRemove")} />}
        </div>
      );
    }
  }
}

const TIME_ZONES: readonly string[] = ["UTC", ...Intl.supportedValuesOf("timeZone")];

/** The field after which the due times of a schedule are shown; `undefined`: the kind is none. */
function lastOfSchedule({ fields }: FormKind): LocalField | undefined {
  const schedule = new Set(SCHEDULE_FIELDS.map((name) => fields.find((field) => field.name === name)));
  return schedule.has(undefined) ? undefined : fields.findLast((field) => schedule.has(field));
}

interface SecondsFieldProps {
  readonly name: string;
  readonly label: string;
  readonly help: LocalField["help"];
  readonly placeholder: string;
  readonly value: string;
  readonly min?: number;
  readonly max?: number;
}

/** Number of seconds, with the same duration in larger units. */
function SecondsField({ help, value, ...rest }: SecondsFieldProps) {
  const { i18n } = useTranslation();
  const [seconds, setSeconds] = useState(value);
  const ms = Number(seconds) * 1000;
  return (
    <TextField
      {...rest}
      type="number"
      value={value}
      onValue={setSeconds}
      help={
        <>
          <RichText {...help} />
          {ms >= 60_000 && <strong> {`= ${formatDuration(i18n.language, ms)}`}</strong>}
        </>
      }
    />
  );
}

function boundsOf({ minimum, maximum }: LocalField): { readonly min?: number; readonly max?: number } {
  return { ...(minimum === undefined ? {} : { min: minimum }), ...(maximum === undefined ? {} : { max: maximum }) };
}
