/** Fields that choose objects by name: one, or several. IDs and external IDs can be typed or pasted, too. */
import { Field as BaseField } from "@base-ui/react/field";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./combo.module.css";
import { ComboInput } from "./combo-input.tsx";
import formStyles from "./form.module.css";
import { type Option, type OptionSource, splitValues, valueOf } from "./options.ts";

interface CommonProps {
  readonly source: OptionSource;
  readonly label: string;
  /** Name of the value in a form. */
  readonly name?: string;
  readonly help?: ReactNode;
  readonly placeholder?: string | undefined;
  readonly autoFocus?: boolean;
}

export interface PickFieldProps extends CommonProps {
  /** Initial value; with `onChange`, the current value. Empty: none. */
  readonly value?: string | undefined;
  /** Called with each chosen value; empty: none. Makes the field controlled. */
  readonly onChange?: (value: string) => void;
  readonly required?: boolean;
  /** Hides the label visually. */
  readonly bare?: boolean;
}

export function PickField({ source, label, name, help, bare = false, onChange, ...props }: PickFieldProps) {
  const { t } = useTranslation();
  const [own, setOwn] = useState(props.value ?? "");
  const value = onChange === undefined ? own : (props.value ?? "");
  const [typed, setTyped] = useState<string | null>(null);
  const chosen = useOption(source, value);
  const remember = useRemember(source);
  const choose = (next: string): void => {
    setTyped(null);
    setOwn(next);
    if (next !== value) onChange?.(next);
  };
  const leave = (options: readonly Option[]): void => {
    if (typed === null) return;
    const next = typed.trim() === "" ? "" : valueOf(typed, options, source);
    choose(next ?? value);
  };
  return (
    <BaseField.Root className={formStyles["field"]}>
      <BaseField.Label className={bare ? "visually-hidden" : formStyles["label"]}>{label}</BaseField.Label>
      <ComboInput
        source={source}
        label={label}
        text={typed ?? chosen?.label ?? value}
        query={typed?.trim() ?? ""}
        onType={setTyped}
        onChoose={(option) => {
          remember(option);
          choose(option.value);
        }}
        onLeave={leave}
        placeholder={props.placeholder}
        required={props.required ?? false}
        autoFocus={props.autoFocus ?? false}
      />
      {name !== undefined && <input type="hidden" name={name} value={value} />}
      {chosen === null && typed === null && <p className={formStyles["error"]}>{t("pick.unknown")}</p>}
      {help !== undefined && <BaseField.Description className={formStyles["help"]}>{help}</BaseField.Description>}
      <BaseField.Error className={formStyles["error"]} />
    </BaseField.Root>
  );
}

export interface PickListFieldProps extends CommonProps {
  /** Initial values. */
  readonly value?: readonly string[];
  /** Called with the values after each change. */
  readonly onChange?: (values: readonly string[]) => void;
}

const NONE: readonly string[] = [];

/** Chooses several objects. The form value is a comma-separated list. */
export function PickListField({ source, label, name, help, onChange, ...props }: PickListFieldProps) {
  const [chips, setChips] = useState(props.value ?? NONE);
  const [typed, setTyped] = useState("");
  // Values that were typed or pasted. They stay text when the field loses focus: a new line of chips would move the button that the reader
  // is about to press.
  const [pending, setPending] = useState(NONE);
  const remember = useRemember(source);
  const set = (next: readonly string[], more: readonly string[] = NONE): void => {
    setChips(next);
    setPending(more);
    if (more.length === 0) setTyped("");
    onChange?.(unique(next, more));
  };
  const type = (text: string): void => {
    setTyped(text);
    setPending(splitValues(text));
  };
  const valuesOf = (options: readonly Option[]): readonly string[] =>
    splitValues(typed).map((part) => valueOf(part, options, source) ?? part);
  return (
    <BaseField.Root className={formStyles["field"]}>
      <BaseField.Label className={formStyles["label"]}>{label}</BaseField.Label>
      {chips.length > 0 && (
        <ul className={styles["chips"]} aria-label={label}>
          {chips.map((value) => (
            <Chip
              key={value}
              source={source}
              value={value}
              onRemove={() =>
                set(
                  chips.filter((one) => one !== value),
                  pending,
                )
              }
            />
          ))}
        </ul>
      )}
      <ComboInput
        source={source}
        label={label}
        text={typed}
        query={typed.trim()}
        onType={type}
        onChoose={(option) => {
          remember(option);
          set(unique(chips, [option.value]));
        }}
        onLeave={(options) => set(chips, valuesOf(options))}
        onEnter={(options) => set(unique(chips, valuesOf(options)))}
        onBack={() => set(chips.slice(0, -1))}
        placeholder={props.placeholder}
        autoFocus={props.autoFocus ?? false}
      />
      {name !== undefined && <input type="hidden" name={name} value={unique(chips, pending).join(",")} />}
      {help !== undefined && <BaseField.Description className={formStyles["help"]}>{help}</BaseField.Description>}
    </BaseField.Root>
  );
}

function unique(values: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...values, ...more])];
}

interface ChipProps {
  readonly source: OptionSource;
  readonly value: string;
  readonly onRemove: () => void;
}

function Chip({ source, value, onRemove }: ChipProps) {
  const { t } = useTranslation();
  const name = useOption(source, value)?.label ?? value;
  return (
    <li className={styles["chip"]}>
      <span title={value}>{name}</span>
      <button type="button" className={styles["remove"]} aria-label={t("pick.remove", { name })} onClick={onRemove}>
        <X aria-hidden />
      </button>
    </li>
  );
}

/** The option of a value; `undefined` until it is known, `null` if there is none. */
function useOption(source: OptionSource, value: string): Option | null | undefined {
  const { data } = useQuery({
    queryKey: ["option", ...source.key, value],
    queryFn: () => source.resolve(value),
    enabled: value !== "",
  });
  return data;
}

/** Keeps a chosen option, so that its name appears without asking the server. */
function useRemember(source: OptionSource): (option: Option) => void {
  const queries = useQueryClient();
  return (option) => queries.setQueryData(["option", ...source.key, option.value], option);
}
