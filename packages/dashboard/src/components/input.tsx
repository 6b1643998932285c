/** Controlled fields, for forms that change with the entered values. */
import { type ReactNode, useId } from "react";
import styles from "./form.module.css";

export interface InputProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly help?: ReactNode;
  /** Errors in the value; empty: none. */
  readonly errors?: readonly string[];
  readonly placeholder?: string;
  readonly suggestions?: readonly { readonly value: string; readonly label: string }[];
  readonly inputMode?: "text" | "decimal" | "numeric";
  readonly required?: boolean;
  /** Hides the label visually. */
  readonly bare?: boolean;
  readonly rows?: number;
}

const NONE: readonly string[] = [];

/** One line of text, or several with `rows`. */
export function Input({
  label,
  value,
  onChange,
  help,
  errors = NONE,
  placeholder,
  suggestions,
  inputMode = "text",
  required = false,
  bare = false,
  rows,
}: InputProps) {
  const id = useId();
  const described = [
    ...(help === undefined ? [] : [`${id}-help`]),
    ...(errors.length === 0 ? [] : [`${id}-errors`]),
  ].join(" ");
  const shared = {
    id,
    value,
    placeholder,
    required,
    spellCheck: false,
    "aria-invalid": errors.length > 0,
    ...(described === "" ? {} : { "aria-describedby": described }),
  };
  return (
    <div className={styles["field"]}>
      <label htmlFor={id} className={bare ? "visually-hidden" : styles["label"]}>
        {label}
      </label>
      {rows === undefined ? (
        <input
          {...shared}
          className={styles["input"]}
          inputMode={inputMode}
          autoComplete="off"
          {...(suggestions === undefined ? {} : { list: `${id}-list` })}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <textarea
          {...shared}
          rows={rows}
          className={`${styles["input"]} ${styles["area"]}`}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {suggestions !== undefined && (
        <datalist id={`${id}-list`}>
          {suggestions.map((suggestion) => (
            <option key={suggestion.value} value={suggestion.value}>
              {suggestion.label}
            </option>
          ))}
        </datalist>
      )}
      {help !== undefined && (
        <p id={`${id}-help`} className={styles["help"]}>
          {help}
        </p>
      )}
      <Faults id={`${id}-errors`} errors={errors} />
    </div>
  );
}

/** Errors below a field or a group of fields. */
export function Faults({ id, errors }: { readonly id?: string; readonly errors: readonly string[] }) {
  if (errors.length === 0) return null;
  return (
    <p {...(id === undefined ? {} : { id })} className={styles["error"]} role="alert">
      {errors.join("\n")}
    </p>
  );
}
