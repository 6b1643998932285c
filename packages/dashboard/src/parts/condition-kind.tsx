/** The choice of the kind of a condition, in groups. */
import { useId } from "react";
import { useTranslation } from "react-i18next";
import formStyles from "../components/form.module.css";
import { AGGREGATES, type ConditionKind } from "../lib/condition-draft.ts";

const KIND_GROUPS: readonly (readonly [string, readonly ConditionKind[]])[] = [
  ["value", ["above", "below", "between", "outside", "is", "matches"]],
  ["change", ["changed", "rises", "falls"]],
  ["absence", ["silent"]],
  ["window", AGGREGATES],
  ["message", ["filter"]],
  ["group", ["all", "any", "not"]],
];

interface KindFieldProps {
  readonly kind: ConditionKind;
  readonly onChange: (kind: ConditionKind) => void;
  readonly hidden: readonly ConditionKind[];
}

export function KindField({ kind, onChange, hidden }: KindFieldProps) {
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
