/** Fields of a condition without others inside it, by its kind. */
import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { Input } from "../components/input.tsx";
import {
  type Bound,
  BOUNDS,
  type Change,
  CHANGES,
  type ConditionFields,
  type ConditionKind,
  isAggregate,
} from "../lib/condition-draft.ts";
import { DurationInput } from "./duration-input.tsx";
import { FilterFields, type FilterFieldsProps } from "./filter-fields.tsx";
import { faultsAt, messagesUnder, type RuleFault } from "../lib/rule-faults.ts";

export interface LeafProps {
  /** Paths in recent messages, for filters. */
  readonly filterPaths: FilterFieldsProps["suggestions"];
  readonly kind: ConditionKind;
  readonly fields: ConditionFields;
  readonly set: (changes: Partial<ConditionFields>) => void;
  readonly path: readonly string[];
  readonly faults: readonly RuleFault[];
}

export function LeafFields({ kind, fields, set, path, faults, filterPaths }: LeafProps) {
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
