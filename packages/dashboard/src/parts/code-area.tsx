import { useId } from "react";
import styles from "../components/form.module.css";

export interface CodeAreaProps {
  readonly label: string;
  readonly help?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
  readonly placeholder?: string;
  readonly invalid?: boolean;
}

const INDENT = "  ";

/**
 * Field for code. Enter keeps the indentation. Tab moves the focus as everywhere, so that the field is no keyboard trap; Ctrl+M
 * inserts an indent.
 */
export function CodeArea({ label, help, value, onChange, rows = 12, placeholder, invalid = false }: CodeAreaProps) {
  const id = useId();
  const insert = (area: HTMLTextAreaElement, text: string): void => {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    onChange(area.value);
  };
  return (
    <div className={styles["field"]}>
      <label htmlFor={id} className={styles["label"]}>
        {label}
      </label>
      <textarea
        id={id}
        rows={rows}
        className={`${styles["input"]} ${styles["area"]}`}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="off"
        aria-invalid={invalid}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          const area = event.currentTarget;
          if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
            const line = area.value.slice(0, area.selectionStart).split("\n").at(-1)!;
            event.preventDefault();
            insert(area, `\n${/^\s*/.exec(line)![0]}${/[[{(]\s*$/.test(line) ? INDENT : ""}`);
          } else if (event.key === "m" && event.ctrlKey) {
            event.preventDefault();
            insert(area, INDENT);
          }
        }}
      />
      {help !== undefined && (
        <p id={`${id}-help`} className={styles["help"]}>
          {help}
        </p>
      )}
    </div>
  );
}
