/** Fields of one condition, with the conditions inside it. */
import { Plus, Trash2 } from "lucide-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "../components/button.tsx";
import { SelectField } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Faults, Input } from "../components/input.tsx";
import {
  AGGREGATES,
  type Bound,
  BOUNDS,
  type Change,
  CHANGES,
  type ConditionDraft,
  type ConditionFields,
  type ConditionKind,
  faultsUnder,
  isAggregate,
  isGroup,
  newCondition,
  type RuleFault,
  withKind,
} from "../lib/watch-draft.ts";
import { DurationInput } from "./duration-input.tsx";
import { FilterFields, type FilterFieldsProps } from "./filter-fields.tsx";
import styles from "./watch.module.css";

export interface ConditionEditorProps {
  readonly condition: ConditionDraft;
  readonly onChange: (condition: ConditionDraft) => void;
  /** Where it is in the rule, such as `["when", "all", "0"]`. */
  readonly path: readonly string[];
  readonly faults: readonly RuleFault[];
  /** Paths in recent messages, for filters. */
  readonly filterPaths: FilterFieldsProps["suggestions"];
  /** Conditions can be nested 8 levels deep. */
  readonly depth?: number;
  /** Whether `changed` can be chosen: alone or in the outermost `all`. */
  readonly allowsChange?: boolean;
}

const MAX_DEPTH = 7;

const KIND_GROUPS: readonly (readonly [string, readonly ConditionKind[]])[] = [
  ["value", ["above", "below", "between", "outside", "is", "matches"]],
  ["change", ["changed", "rises", "falls"]],
  ["absence", ["silent"]],
  ["window", AGGREGATES],
  ["message", ["filter"]],
  ["group", ["all", "any", "not"]],
];

export function ConditionEditor({
  condition,
  onChange,
  path,
  faults,
  filterPaths,
  depth = 0,
  allowsChange = false,
}: ConditionEditorProps) {
  const { kind, fields, parts } = condition;
  const own = [...path, kind];
  const set = (changes: Partial<ConditionFields>): void =>
    onChange({ ...condition, fields: { ...fields, ...changes } });
  const setParts = (next: readonly ConditionDraft[]): void => onChange({ ...condition, parts: next });
  const leaf: LeafProps = { kind, fields, set, path: own, faults, filterPaths };
  return (
    <div className={styles["condition"]}>
      <div className={styles["fields"]}>
        <KindField
          kind={kind}
          onChange={(next) => onChange(withKind(condition, next))}
          hidden={[
            ...(depth >= MAX_DEPTH ? (["all", "any", "not"] as const) : []),
            ...(allowsChange ? [] : (["changed"] as const)),
          ]}
        />
        {kind !== "filter" && <LeafFields {...leaf} />}
      </div>
      {kind === "filter" && <LeafFields {...leaf} />}
      <Faults errors={faultsAt(faults, path)} />
      {isGroup(kind) && <Faults errors={faultsAt(faults, own)} />}
      {isGroup(kind) && (
        <Parts
          kind={kind}
          parts={parts}
          onChange={setParts}
          path={own}
          faults={faults}
          filterPaths={filterPaths}
          depth={depth + 1}
          allowsChange={allowsChange && depth === 0 && kind === "all"}
        />
      )}
    </div>
  );
}

/** Messages of the faults at exactly this place. */
function faultsAt(faults: readonly RuleFault[], path: readonly string[]): readonly string[] {
  return faultsUnder(faults, path)
    .filter((fault) => fault.path.length === path.length)
    .map(({ message }) => message);
}

function messagesUnder(faults: readonly RuleFault[], path: readonly string[]): readonly string[] {
  return faultsUnder(faults, path).map(({ message }) => message);
}

interface KindFieldProps {
  readonly kind: ConditionKind;
  readonly onChange: (kind: ConditionKind) => void;
  readonly hidden: readonly ConditionKind[];
}

function KindField({ kind, onChange, hidden }: KindFieldProps) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className={formStyles["field"]}>
      <label htmlFor={id} className={formStyles["label"]}>
        {t("watchEdit.kind")}
      </label>
      <select
        id={id}
        className={formStyles["input"]}
        value={kind}
        onChange={(event) => onChange(event.target.value as ConditionKind)}
      >
        {KIND_GROUPS.map(([group, kinds]) => (
          <optgroup key={group} label={t(`watchEdit.kindGroups.${group}` as never)}>
            {kinds
              .filter((one) => one === kind || !hidden.includes(one))
              .map((one) => (
                <option key={one} value={one}>
                  {t(`watchEdit.kinds.${one}`)}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
}

interface LeafProps extends Pick<ConditionEditorProps, "filterPaths"> {
  readonly kind: ConditionKind;
  readonly fields: ConditionFields;
  readonly set: (changes: Partial<ConditionFields>) => void;
  readonly path: readonly string[];
  readonly faults: readonly RuleFault[];
}

function LeafFields({ kind, fields, set, path, faults, filterPaths }: LeafProps) {
  const { t } = useTranslation();
  const under = (...names: readonly string[]): readonly string[] => messagesUnder(faults, [...path, ...names]);
  const at = faultsAt(faults, path);
  if (isAggregate(kind)) {
    return (
      <>
        <DurationInput
          label={t("watchEdit.over")}
          value={fields.duration}
          onChange={(duration) => set({ duration })}
          errors={[...at, ...under("over")]}
        />
        <SelectField
          label={t("watchEdit.compare")}
          value={fields.bound}
          onChange={(bound) => set({ bound: bound as Bound })}
          choices={BOUNDS.map((value) => ({ value, label: t(`watchEdit.kinds.${value}`) }))}
        />
        <BoundFields bound={fields.bound} fields={fields} set={set} errors={under(fields.bound)} />
      </>
    );
  }
  switch (kind) {
    case "above":
    case "below":
    case "between":
    case "outside":
      return <BoundFields bound={kind} fields={fields} set={set} errors={under()} />;
    case "is":
      return (
        <Input
          label={t("watchEdit.values")}
          help={t("watchEdit.valuesFieldHelp")}
          placeholder="open, ajar"
          value={fields.value}
          onChange={(value) => set({ value })}
          errors={under()}
        />
      );
    case "matches":
      return (
        <Input
          label={t("watchEdit.pattern")}
          help={t("watchEdit.patternHelp")}
          placeholder="^ERR"
          value={fields.value}
          onChange={(value) => set({ value })}
          errors={under()}
        />
      );
    case "silent":
      return (
        <DurationInput
          label={t("watchEdit.silentFor")}
          value={fields.duration}
          onChange={(duration) => set({ duration })}
          errors={under()}
        />
      );
    case "filter":
      return (
        <FilterFields
          draft={fields.filter}
          onChange={(filter) => set({ filter })}
          suggestions={filterPaths}
          errors={under()}
        />
      );
    case "rises":
    case "falls":
      return (
        <>
          <Difference fields={fields} set={set} errors={[...at, ...under("by")]} />
          <DurationInput
            label={t("watchEdit.within")}
            value={fields.duration}
            onChange={(duration) => set({ duration })}
            errors={under("within")}
          />
        </>
      );
    case "changed":
      return <ChangeFields fields={fields} set={set} under={under} at={at} />;
    case "all":
    case "any":
    case "not":
      return null;
  }
}

type SetFields = LeafProps["set"];

interface PartProps {
  readonly fields: ConditionFields;
  readonly set: SetFields;
  readonly errors: readonly string[];
}

function BoundFields({ bound, fields, set, errors }: PartProps & { readonly bound: Bound }) {
  const { t } = useTranslation();
  if (bound === "above" || bound === "below") {
    return (
      <Input
        label={t("watchEdit.threshold")}
        inputMode="decimal"
        value={fields.value}
        onChange={(value) => set({ value })}
        errors={errors}
      />
    );
  }
  return (
    <>
      <Input
        label={t("watchEdit.low")}
        inputMode="decimal"
        value={fields.low}
        onChange={(low) => set({ low })}
        errors={errors}
      />
      <Input label={t("watchEdit.high")} inputMode="decimal" value={fields.high} onChange={(high) => set({ high })} />
    </>
  );
}

function Difference({ fields, set, errors }: PartProps) {
  const { t } = useTranslation();
  return (
    <Input
      label={t("watchEdit.by")}
      help={t("watchEdit.byHelp")}
      placeholder="5%"
      value={fields.by}
      onChange={(by) => set({ by })}
      errors={errors}
    />
  );
}

interface ChangeFieldsProps {
  readonly fields: ConditionFields;
  readonly set: SetFields;
  readonly under: (...names: readonly string[]) => readonly string[];
  readonly at: readonly string[];
}

function ChangeFields({ fields, set, under, at }: ChangeFieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <SelectField
        label={t("watchEdit.changeKind")}
        value={fields.change}
        onChange={(change) => set({ change: change as Change })}
        choices={CHANGES.map((value) => ({ value, label: t(`watchEdit.changes.${value}`) }))}
      />
      {fields.change === "by" && <Difference fields={fields} set={set} errors={[...at, ...under("by")]} />}
      {fields.change === "values" && (
        <>
          <Input
            label={t("watchEdit.from")}
            help={t("watchEdit.fromHelp")}
            placeholder="closed"
            value={fields.from}
            onChange={(from) => set({ from })}
            errors={[...at, ...under("from")]}
          />
          <Input
            label={t("watchEdit.to")}
            placeholder="open"
            value={fields.to}
            onChange={(to) => set({ to })}
            errors={under("to")}
          />
        </>
      )}
    </>
  );
}

interface PartsProps extends Pick<ConditionEditorProps, "filterPaths"> {
  readonly kind: "all" | "any" | "not";
  readonly parts: readonly ConditionDraft[];
  readonly onChange: (parts: readonly ConditionDraft[]) => void;
  readonly path: readonly string[];
  readonly faults: readonly RuleFault[];
  readonly depth: number;
  readonly allowsChange: boolean;
}

function Parts({ kind, parts, onChange, path, faults, filterPaths, depth, allowsChange }: PartsProps) {
  const { t } = useTranslation();
  return (
    <>
      <ol className={styles["parts"]}>
        {parts.map((part, index) => (
          <li key={part.id} className={styles["part"]} aria-label={t("watchEdit.condition", { number: index + 1 })}>
            <ConditionEditor
              condition={part}
              onChange={(next) => onChange(parts.map((one) => (one.id === part.id ? next : one)))}
              path={kind === "not" ? path : [...path, String(index)]}
              faults={faults}
              filterPaths={filterPaths}
              depth={depth}
              allowsChange={allowsChange}
            />
            <IconButton
              label={t("watchEdit.remove")}
              onClick={() => onChange(parts.filter((one) => one.id !== part.id))}
            >
              <Trash2 aria-hidden />
            </IconButton>
          </li>
        ))}
      </ol>
      {(kind !== "not" || parts.length === 0) && (
        <div>
          <Button small onClick={() => onChange([...parts, newCondition("above")])}>
            <Plus aria-hidden />
            {t("watchEdit.addCondition")}
          </Button>
        </div>
      )}
    </>
  );
}
