import { Field as BaseField } from "@base-ui/react/field";
import { Form as BaseForm } from "@base-ui/react/form";
import { Switch as BaseSwitch } from "@base-ui/react/switch";
import { type FormEvent, type KeyboardEvent, type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { Allowed, type Needs } from "./allowed.tsx";
import { ErrorText } from "./error-text.tsx";
import styles from "./form.module.css";

export type FormValues = Readonly<Record<string, string>>;

export interface FormProps extends Needs {
  /** Called with the text of each field by name. Repeated names are joined with commas. */
  readonly onSubmit: (values: FormValues) => void;
  /** Called for each change of a field. */
  readonly onInput?: () => void;
  readonly error?: Error | null;
  readonly foot: ReactNode;
  readonly children: ReactNode;
}

/** Form that is read-only for callers without the permission that it needs. */
export function Form({ needs, needsIn, ...props }: FormProps) {
  if (needs === undefined) return <PlainForm {...props} />;
  return (
    <Allowed to={needs} app={needsIn} otherwise={<ReadOnly>{props.children}</ReadOnly>}>
      <PlainForm {...props} />
    </Allowed>
  );
}

/** Fields that show their values but cannot be changed. */
function ReadOnly({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <BaseForm className={styles["form"]} onSubmit={(event) => event.preventDefault()}>
      <fieldset disabled className={styles["readOnly"]}>
        {children}
      </fieldset>
      <p className="muted">{t("actions.readOnly")}</p>
    </BaseForm>
  );
}

function PlainForm({ onSubmit, onInput, error, foot, children }: Omit<FormProps, keyof Needs>) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const values: Record<string, string> = {};
    for (const [name, value] of new FormData(event.currentTarget)) {
      const text = typeof value === "string" ? value : "";
      values[name] = values[name] === undefined ? text : `${values[name]},${text}`;
    }
    onSubmit(values);
  };
  return (
    <BaseForm className={styles["form"]} onSubmit={submit} onInput={onInput}>
      {children}
      <FormError error={error ?? null} />
      <div className={styles["foot"]}>{foot}</div>
    </BaseForm>
  );
}

export function FormError({ error }: { readonly error: Error | null }) {
  if (error === null) return null;
  return (
    <p className={styles["error"]} role="alert">
      <ErrorText error={error} />
    </p>
  );
}

/** Fields side by side where there is room. */
export function FormRow({ children }: { readonly children: ReactNode }) {
  return <div className={styles["row"]}>{children}</div>;
}

export interface TextFieldProps {
  readonly name: string;
  readonly label: string;
  readonly help?: ReactNode;
  readonly type?: "text" | "url" | "email" | "password" | "number" | "datetime-local" | "time";
  /** What the browser may fill in; nothing by default. */
  readonly autoComplete?: string;
  readonly value?: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly autoFocus?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | "any";
  /** Called on each change. The field is uncontrolled. */
  readonly onValue?: (value: string) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  /** Values that the browser suggests while typing. */
  readonly suggestions?: readonly string[];
}

export function TextField({
  name,
  label,
  help,
  type = "text",
  value = "",
  onValue,
  suggestions,
  ...rest
}: TextFieldProps) {
  const id = useId();
  return (
    <BaseField.Root name={name} className={styles["field"]}>
      <BaseField.Label className={styles["label"]}>{label}</BaseField.Label>
      <BaseField.Control
        className={styles["input"]}
        type={type}
        defaultValue={value}
        autoComplete="off"
        spellCheck={false}
        onValueChange={(typed: string) => onValue?.(typed)}
        {...(suggestions === undefined ? {} : { list: id })}
        {...rest}
      />
      {suggestions !== undefined && (
        <datalist id={id}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion}>
              {suggestion}
            </option>
          ))}
        </datalist>
      )}
      {help !== undefined && <BaseField.Description className={styles["help"]}>{help}</BaseField.Description>}
      <BaseField.Error className={styles["error"]} />
    </BaseField.Root>
  );
}

export interface AreaFieldProps {
  readonly name: string;
  readonly label: string;
  readonly help?: ReactNode;
  readonly value?: string;
  readonly placeholder?: string;
  readonly rows?: number;
  readonly required?: boolean;
}

export function AreaField({ name, label, help, value = "", rows = 6, ...rest }: AreaFieldProps) {
  return (
    <BaseField.Root name={name} className={styles["field"]}>
      <BaseField.Label className={styles["label"]}>{label}</BaseField.Label>
      <BaseField.Control
        render={<textarea rows={rows} />}
        className={`${styles["input"]} ${styles["area"]}`}
        defaultValue={value}
        autoComplete="off"
        spellCheck={false}
        {...rest}
      />
      {help !== undefined && <BaseField.Description className={styles["help"]}>{help}</BaseField.Description>}
      <BaseField.Error className={styles["error"]} />
    </BaseField.Root>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface SelectFieldProps {
  readonly name?: string;
  readonly label: string;
  readonly help?: ReactNode;
  /** Initial value; with `onChange`, the current value. */
  readonly value?: string;
  /** Called on each change. Makes the field controlled. */
  readonly onChange?: (value: string) => void;
  readonly choices: readonly Choice[];
  /** Hides the label visually. */
  readonly bare?: boolean;
}

export function SelectField({ name, label, help, value, onChange, choices, bare = false }: SelectFieldProps) {
  const id = useId();
  const shown = onChange === undefined ? { defaultValue: value } : { value };
  return (
    <div className={styles["field"]}>
      <label htmlFor={id} className={bare ? "visually-hidden" : styles["label"]}>
        {label}
      </label>
      <select
        id={id}
        name={name}
        className={styles["input"]}
        onChange={(event) => onChange?.(event.target.value)}
        {...shown}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
      {help !== undefined && <p className={styles["help"]}>{help}</p>}
    </div>
  );
}

export interface SwitchFieldProps {
  readonly label: string;
  readonly help?: ReactNode;
  readonly name?: string;
  readonly checked?: boolean;
  readonly defaultChecked?: boolean;
  readonly disabled?: boolean;
  readonly onChange?: (checked: boolean) => void;
}

export function SwitchField({ label, help, name, checked, defaultChecked, disabled, onChange }: SwitchFieldProps) {
  const shown = checked === undefined ? { defaultChecked: defaultChecked ?? false } : { checked };
  const field = (
    <label className={styles["switch"]}>
      <BaseSwitch.Root
        name={name}
        disabled={disabled ?? false}
        className={styles["track"]}
        onCheckedChange={(on) => onChange?.(on)}
        {...shown}
      >
        <BaseSwitch.Thumb className={styles["thumb"]} />
      </BaseSwitch.Root>
      {label}
    </label>
  );
  if (help === undefined) return field;
  return (
    <div className={styles["field"]}>
      {field}
      <p className={styles["help"]}>{help}</p>
    </div>
  );
}

/** Group of checkboxes. The form value is a comma-separated list. */
export function ChecksField({
  name,
  label,
  help,
  choices,
  value,
}: {
  readonly name: string;
  readonly label: string;
  readonly help?: ReactNode;
  readonly choices: readonly Choice[];
  readonly value: readonly string[];
}) {
  return (
    <fieldset className={styles["field"]}>
      <legend className={styles["label"]}>{label}</legend>
      {/* Scrollable regions must be reachable by keyboard. */}
      <div className={styles["checks"]} tabIndex={0} role="group" aria-label={label}>
        {choices.map((choice) => (
          <label key={choice.value} className={styles["check"]}>
            <input type="checkbox" name={name} value={choice.value} defaultChecked={value.includes(choice.value)} />
            {choice.label}
          </label>
        ))}
      </div>
      {help !== undefined && <p className={styles["help"]}>{help}</p>}
    </fieldset>
  );
}
