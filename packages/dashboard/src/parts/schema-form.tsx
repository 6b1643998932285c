/** Form for a payload, generated from the schema of its event type. It edits the JSON text that the editor beside it shows. */
import { Plus, Trash2 } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "../components/button.tsx";
import formStyles from "../components/form.module.css";
import { fromLocalInput, toLocalInput } from "../lib/local-input.ts";
import {
  type FieldPath,
  initialValue,
  type Member,
  type SchemaField,
  typedNumber,
  valueAt,
  withValue,
} from "../lib/schema-form.ts";
import styles from "./schema-form.module.css";

export interface SchemaFormProps {
  readonly field: Extract<SchemaField, { kind: "object" }>;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

export function SchemaForm({ field, value, onChange }: SchemaFormProps) {
  const set = (path: FieldPath, next: unknown): void => onChange(withValue(value, path, next));
  return <Members members={field.members} path={[]} value={value} set={set} />;
}

interface Editing {
  readonly path: FieldPath;
  /** Of the whole payload. */
  readonly value: unknown;
  readonly set: (path: FieldPath, next: unknown) => void;
}

function Members({ members, path, value, set }: Editing & { readonly members: readonly Member[] }) {
  const { t } = useTranslation();
  return (
    <div className={styles["members"]}>
      {members.map(({ name, title, isRequired, field }) =>
        field === null ? (
          <p key={name} className="muted">
            <code>{name}</code>: {t("compose.onlyJson")}
          </p>
        ) : (
          <AnyField
            key={name}
            field={field}
            label={isRequired ? t("compose.required", { name: title }) : title}
            isRequired={isRequired}
            path={[...path, name]}
            value={value}
            set={set}
          />
        ),
      )}
    </div>
  );
}

interface AnyFieldProps extends Editing {
  readonly field: SchemaField;
  readonly label: string;
  readonly isRequired: boolean;
}

function AnyField(props: AnyFieldProps) {
  const { field, label, path, value, set } = props;
  switch (field.kind) {
    case "object":
      return (
        <Group label={label} description={field.description}>
          <Members members={field.members} path={path} value={value} set={set} />
        </Group>
      );
    case "list":
      return <ListField {...props} field={field} />;
    case "choice":
      return <ChoiceField {...props} choices={field.choices} />;
    case "boolean":
      return <ChoiceField {...props} choices={[true, false]} />;
    case "number":
    case "integer":
      return <NumberField {...props} isInteger={field.kind === "integer"} />;
    case "text":
    case "date":
    case "date-time":
      return <LineField {...props} kind={field.kind} />;
  }
}

function Group({
  label,
  description,
  children,
}: {
  readonly label: string;
  readonly description: string;
  readonly children: ReactNode;
}) {
  return (
    <fieldset className={styles["group"]}>
      <legend className={formStyles["label"]}>{label}</legend>
      {description !== "" && <p className={formStyles["help"]}>{description}</p>}
      {children}
    </fieldset>
  );
}

function ListField(props: AnyFieldProps & { readonly field: Extract<SchemaField, { kind: "list" }> }) {
  const { field, label, path, value, set } = props;
  const { t } = useTranslation();
  const at = valueAt(value, path);
  const count = Array.isArray(at) ? at.length : 0;
  return (
    <Group label={label} description={field.description}>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className={styles["item"]}>
          <AnyField
            field={field.item}
            label={t("compose.item", { number: index + 1 })}
            isRequired
            path={[...path, index]}
            value={value}
            set={set}
          />
          <IconButton
            label={t("compose.removeItem", { name: label, number: index + 1 })}
            onClick={() => set([...path, index], undefined)}
          >
            <Trash2 aria-hidden />
          </IconButton>
        </div>
      ))}
      <div>
        <Button small onClick={() => set([...path, count], initialValue(field.item))}>
          <Plus aria-hidden />
          {t("compose.addItem", { name: label })}
        </Button>
      </div>
    </Group>
  );
}

/** A choice of values. Those that are not required can be left out. */
function ChoiceField({
  field: { description },
  label,
  isRequired,
  path,
  value,
  set,
  choices,
}: AnyFieldProps & { readonly choices: readonly (string | number | boolean)[] }) {
  const { t } = useTranslation();
  const id = useId();
  const current = choices.findIndex((choice) => choice === valueAt(value, path));
  return (
    <div className={formStyles["field"]}>
      <label htmlFor={id} className={formStyles["label"]}>
        {label}
      </label>
      <select
        id={id}
        className={formStyles["input"]}
        value={current}
        onChange={({ target }) => set(path, choices[Number(target.value)])}
      >
        {(!isRequired || current === -1) && <option value={-1}>{t("compose.unset")}</option>}
        {choices.map((choice, index) => (
          <option key={String(choice)} value={index}>
            {String(choice)}
          </option>
        ))}
      </select>
      {description !== "" && <p className={formStyles["help"]}>{description}</p>}
    </div>
  );
}

function NumberField({ isInteger, ...props }: AnyFieldProps & { readonly isInteger: boolean }) {
  const { path, value, set, isRequired } = props;
  const { t } = useTranslation();
  const at = valueAt(value, path);
  const shown = typeof at === "number" ? String(at) : "";
  // The typed text, such as "1." or "-", while it represents the value.
  const [typed, setTyped] = useState(shown);
  const number = typedNumber(typed, isInteger);
  const text = typed !== shown && (number === at || (number === undefined && typed !== "")) ? typed : shown;
  const isWrong = text.trim() !== "" && typedNumber(text, isInteger) === undefined;
  return (
    <Line
      {...props}
      type="text"
      inputMode="decimal"
      text={text}
      error={isWrong ? t(isInteger ? "compose.notInteger" : "compose.notNumber") : null}
      onText={(next) => {
        setTyped(next);
        const entered = typedNumber(next, isInteger);
        if (entered !== undefined) set(path, entered);
        else if (next.trim() === "" && !isRequired) set(path, undefined);
      }}
    />
  );
}

function LineField({ kind, ...props }: AnyFieldProps & { readonly kind: "text" | "date" | "date-time" }) {
  const { path, value, set, isRequired } = props;
  const at = valueAt(value, path);
  const text = typeof at === "string" ? at : "";
  const store = (next: string): void => set(path, next === "" && !isRequired ? undefined : next);
  if (kind !== "date-time") return <Line {...props} type={kind} text={text} onText={store} />;
  const time = Date.parse(text);
  return (
    <Line
      {...props}
      type="datetime-local"
      text={Number.isNaN(time) ? "" : toLocalInput(time)}
      onText={(next) => store(next === "" ? "" : fromLocalInput(next))}
    />
  );
}

interface LineProps extends AnyFieldProps {
  readonly type: "text" | "date" | "datetime-local";
  readonly inputMode?: "decimal";
  readonly text: string;
  readonly error?: string | null;
  readonly onText: (text: string) => void;
}

function Line({ field: { description }, label, isRequired, type, inputMode, text, error = null, onText }: LineProps) {
  const id = useId();
  return (
    <div className={formStyles["field"]}>
      <label htmlFor={id} className={formStyles["label"]}>
        {label}
      </label>
      <input
        id={id}
        type={type}
        inputMode={inputMode}
        className={formStyles["input"]}
        value={text}
        autoComplete="off"
        spellCheck={false}
        aria-required={isRequired}
        aria-invalid={error !== null}
        aria-describedby={`${id}-help`}
        onChange={({ target }) => onText(target.value)}
      />
      <p id={`${id}-help`} className={formStyles[error === null ? "help" : "error"]}>
        {error ?? description}
      </p>
    </div>
  );
}
