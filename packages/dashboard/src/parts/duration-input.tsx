import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Faults } from "../components/input.tsx";
import styles from "../components/form.module.css";
import own from "./watch.module.css";

export const DURATION_UNITS = ["s", "m", "h", "d", "w"] as const;
type Unit = (typeof DURATION_UNITS)[number];

export interface DurationInputProps {
  readonly label: string;
  /** Such as `5m`; empty: none. */
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly help?: string;
  readonly errors?: readonly string[];
  readonly unit?: Unit;
}

const NONE: readonly string[] = [];

/** A whole number with a unit. */
export function DurationInput({ label, value, onChange, help, errors = NONE, unit = "m" }: DurationInputProps) {
  const { t } = useTranslation();
  const id = useId();
  const given = DURATION_UNITS.find((one) => value.endsWith(one));
  const amount = given === undefined ? value : value.slice(0, -1);
  // The unit is kept while there is no number.
  const [chosen, setChosen] = useState<Unit>(given ?? unit);
  const current = given ?? chosen;
  const change = (number: string, next: Unit): void => onChange(number.trim() === "" ? "" : `${number.trim()}${next}`);
  return (
    <fieldset className={styles["field"]} aria-describedby={help === undefined ? undefined : `${id}-help`}>
      <legend className={styles["label"]}>{label}</legend>
      <div className={own["duration"]}>
        <input
          className={styles["input"]}
          aria-label={t("watchEdit.duration", { label })}
          aria-invalid={errors.length > 0}
          inputMode="numeric"
          autoComplete="off"
          value={amount}
          onChange={(event) => change(event.target.value, current)}
        />
        <select
          className={styles["input"]}
          aria-label={t("watchEdit.unit", { label })}
          value={current}
          onChange={(event) => {
            const next = event.target.value as Unit;
            setChosen(next);
            change(amount, next);
          }}
        >
          {DURATION_UNITS.map((one) => (
            <option key={one} value={one}>
              {t(`watchEdit.units.${one}`)}
            </option>
          ))}
        </select>
      </div>
      {help !== undefined && (
        <p id={`${id}-help`} className={styles["help"]}>
          {help}
        </p>
      )}
      <Faults errors={errors.map((error) => (error.includes("(pattern ") ? t("watchEdit.durationFault") : error))} />
    </fieldset>
  );
}
