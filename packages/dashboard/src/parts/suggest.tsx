import { useId, useState } from "react";
import type { Choice } from "../components/form.tsx";
import styles from "../components/form.module.css";

export interface SuggestFieldProps {
  readonly label: string;
  readonly value: string | undefined;
  /** Called with the selected or typed text after each change; `undefined` when the field was emptied. */
  readonly onChange: (value: string | undefined) => void;
  readonly choices?: readonly Choice[];
  readonly placeholder?: string | undefined;
}

const NONE: readonly Choice[] = [];

/** Text field with suggestions. */
export function SuggestField({ label, value, onChange, choices = NONE, placeholder }: SuggestFieldProps) {
  const id = useId();
  return (
    <div className={styles["field"]}>
      <label htmlFor={id} className={styles["label"]}>
        {label}
      </label>
      <Typed key={value ?? ""} {...{ id, value, onChange, choices, placeholder }} />
    </div>
  );
}

function Typed({
  id,
  value,
  onChange,
  choices = NONE,
  placeholder,
}: Omit<SuggestFieldProps, "label"> & { readonly id: string }) {
  const [text, setText] = useState(value ?? "");
  const done = (typed: string): void => {
    const trimmed = typed.trim();
    if (trimmed !== (value ?? "")) onChange(trimmed === "" ? undefined : trimmed);
  };
  const typed = (next: string): void => {
    setText(next);
    // Selected from the list rather than typed.
    if (choices.some((choice) => choice.value === next)) done(next);
  };
  return (
    <>
      <input
        id={id}
        list={`${id}-known`}
        className={styles["input"]}
        value={text}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => typed(event.target.value)}
        onBlur={() => done(text)}
        onKeyDown={(event) => event.key === "Enter" && done(text)}
      />
      <datalist id={`${id}-known`}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </datalist>
    </>
  );
}
