/** Filter on messages as rows of path, operator and value, in groups; or as JSON. */
import { Plus, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "../components/button.tsx";
import { SelectField } from "../components/form.tsx";
import { Faults, Input } from "../components/input.tsx";
import { Note } from "../components/state.tsx";
import {
  draftOf,
  FILTER_OPERATORS,
  type FilterDraft,
  type FilterGroup,
  filterOf,
  type FilterOperator,
  type FilterRow,
  fromFilter,
  hasValue,
  isFilterGroup,
  type Match,
  MATCHES,
  newGroup,
  newRow,
} from "../lib/filter-draft.ts";
import type { CodeFault } from "../editor/problems.ts";
import { CodeArea } from "./code-area.tsx";
import styles from "./watch.module.css";

export interface FilterFieldsProps {
  readonly draft: FilterDraft;
  readonly onChange: (draft: FilterDraft) => void;
  /** Paths in recent messages, such as `body.status`. */
  readonly suggestions: readonly { readonly value: string; readonly label: string }[];
  readonly errors: readonly string[];
  /** Errors to mark in the JSON. */
  readonly faults?: readonly CodeFault[];
}

/** Maximum nesting of groups that the form offers. */
const MAX_DEPTH = 2;

const NO_FAULTS: readonly CodeFault[] = [];

export function FilterFields({ draft, onChange, suggestions, errors, faults = NO_FAULTS }: FilterFieldsProps) {
  const { t } = useTranslation();
  return (
    <div className={styles["condition"]}>
      <Mode draft={draft} onChange={onChange} />
      {draft.mode === "form" ? (
        <>
          <Group
            group={draft.group}
            onChange={(group) => onChange({ mode: "form", group })}
            suggestions={suggestions}
            depth={0}
          />
          <Faults errors={errors} />
        </>
      ) : (
        <>
          <CodeArea
            label={t("watchEdit.filterJson")}
            help={t("watchEdit.filterHelp")}
            rows={8}
            value={draft.text}
            onChange={(text) => onChange({ mode: "json", text })}
            invalid={errors.length > 0}
            language="json"
            subject="filter"
            paths={suggestions.map(({ value }) => value)}
            faults={faults}
          />
          <Faults errors={errors} />
        </>
      )}
    </div>
  );
}

/** Switches between rows and JSON. */
function Mode({ draft, onChange }: Pick<FilterFieldsProps, "draft" | "onChange">) {
  const { t } = useTranslation();
  const isForm = draft.mode === "form";
  const group = isForm ? null : fromFilter(filterOf(draft));
  const isEmpty = !isForm && draft.text.trim() === "";
  const toForm = (): void => onChange({ mode: "form", group: isEmpty ? newGroup("all") : group! });
  return (
    <>
      <div className={styles["switch"]} role="group" aria-label={t("filterEdit.editAs")}>
        <Button
          small
          aria-pressed={isForm}
          disabled={!isForm && group === null && !isEmpty}
          onClick={() => !isForm && toForm()}
        >
          {t("filterEdit.asForm")}
        </Button>
        <Button
          small
          aria-pressed={!isForm}
          onClick={() => isForm && onChange({ mode: "json", text: JSON.stringify(filterOf(draft), null, 2) })}
        >
          {t("filterEdit.asJson")}
        </Button>
      </div>
      {!isForm && group === null && !isEmpty && draftOf(filterOf(draft)).mode === "json" && (
        <Note>{t("filterEdit.onlyJson")}</Note>
      )}
    </>
  );
}

interface GroupProps {
  readonly group: FilterGroup;
  readonly onChange: (group: FilterGroup) => void;
  readonly suggestions: FilterFieldsProps["suggestions"];
  readonly depth: number;
}

function Group({ group, onChange, suggestions, depth }: GroupProps) {
  const { t } = useTranslation();
  const { match, parts } = group;
  const setParts = (next: FilterGroup["parts"]): void => onChange({ ...group, parts: next });
  const replace = (part: FilterRow | FilterGroup): void =>
    setParts(parts.map((one) => (one.id === part.id ? part : one)));
  return (
    <div className={styles["condition"]}>
      <SelectField
        label={t("filterEdit.match")}
        value={match}
        onChange={(value) => onChange({ ...group, match: value as Match })}
        choices={MATCHES.map((value) => ({ value, label: t(`filterEdit.matches.${value}`) }))}
      />
      <ol className={styles["parts"]}>
        {parts.map((part, index) => (
          <li key={part.id} className={styles["part"]} aria-label={t("filterEdit.row", { number: index + 1 })}>
            {isFilterGroup(part) ? (
              <Group group={part} onChange={replace} suggestions={suggestions} depth={depth + 1} />
            ) : (
              <Row row={part} onChange={replace} suggestions={suggestions} />
            )}
            <IconButton
              label={t(isFilterGroup(part) ? "filterEdit.removeGroup" : "filterEdit.remove")}
              disabled={depth === 0 && parts.length === 1}
              onClick={() => setParts(parts.filter((one) => one.id !== part.id))}
            >
              <Trash2 aria-hidden />
            </IconButton>
          </li>
        ))}
      </ol>
      <div className={styles["switch"]}>
        <Button small onClick={() => setParts([...parts, newRow({ path: "body." })])}>
          <Plus aria-hidden />
          {t("filterEdit.add")}
        </Button>
        {depth < MAX_DEPTH && (
          <Button small onClick={() => setParts([...parts, newGroup(match === "any" ? "all" : "any")])}>
            <Plus aria-hidden />
            {t("filterEdit.addGroup")}
          </Button>
        )}
      </div>
    </div>
  );
}

interface RowProps {
  readonly row: FilterRow;
  readonly onChange: (row: FilterRow) => void;
  readonly suggestions: FilterFieldsProps["suggestions"];
}

function Row({ row, onChange, suggestions }: RowProps) {
  const { t } = useTranslation();
  const { path, operator, value } = row;
  return (
    <div className={styles["fields"]}>
      <Input
        label={t("filterEdit.path")}
        placeholder="body.status"
        suggestions={suggestions}
        value={path}
        onChange={(next) => onChange({ ...row, path: next })}
      />
      <SelectField
        label={t("filterEdit.operator")}
        value={operator}
        onChange={(next) => onChange({ ...row, operator: next as FilterOperator })}
        choices={FILTER_OPERATORS.map((one) => ({ value: one, label: t(`filterEdit.operators.${one}`) }))}
      />
      {hasValue(operator) && (
        <Input label={t("filterEdit.value")} value={value} onChange={(next) => onChange({ ...row, value: next })} />
      )}
    </div>
  );
}
