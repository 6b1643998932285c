/** Fields of one condition, with the conditions inside it. */
import { Plus, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "../components/button.tsx";
import { Faults } from "../components/input.tsx";
import { type ConditionDraft, type ConditionFields, isGroup, newCondition, withKind } from "../lib/condition-draft.ts";
import type { FilterFieldsProps } from "./filter-fields.tsx";
import styles from "./watch.module.css";
import { LeafFields, type LeafProps } from "./condition-fields.tsx";
import { KindField } from "./condition-kind.tsx";
import { faultsAt, type RuleFault } from "../lib/rule-faults.ts";

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
