import { Field as BaseField } from "@base-ui/react/field";
import { Form as BaseForm } from "@base-ui/react/form";
import type { FormEvent, ReactNode } from "react";
import styles from "./form.module.css";

export interface FormProps {
  /** Called with the text of each field by its name. */
  readonly onSubmit: (values: Readonly<Record<string, string>>) => void;
  readonly error?: Error | null;
  readonly foot: ReactNode;
  readonly children: ReactNode;
}

export function Form({ onSubmit, error, foot, children }: FormProps) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = [...new FormData(event.currentTarget)];
    onSubmit(Object.fromEntries(fields.map(([name, value]) => [name, typeof value === "string" ? value : ""])));
  };
  return (
    <BaseForm className={styles["form"]} onSubmit={submit}>
      {children}
      {error !== null && error !== undefined && (
        <p className={styles["error"]} role="alert">
          {error.message}
        </p>
      )}
      <div className={styles["foot"]}>{foot}</div>
    </BaseForm>
  );
}

export interface TextFieldProps {
  readonly name: string;
  readonly label: string;
  readonly help?: string;
  readonly type?: "text" | "url" | "password";
  readonly value?: string;
  readonly required?: boolean;
  readonly autoFocus?: boolean;
}

export function TextField({
  name,
  label,
  help,
  type = "text",
  value = "",
  required = false,
  autoFocus = false,
}: TextFieldProps) {
  return (
    <BaseField.Root name={name} className={styles["field"]}>
      <BaseField.Label className={styles["label"]}>{label}</BaseField.Label>
      <BaseField.Control
        className={styles["input"]}
        type={type}
        defaultValue={value}
        required={required}
        autoFocus={autoFocus}
        autoComplete="off"
        spellCheck={false}
      />
      {help !== undefined && <BaseField.Description className={styles["help"]}>{help}</BaseField.Description>}
      <BaseField.Error className={styles["error"]} />
    </BaseField.Root>
  );
}
