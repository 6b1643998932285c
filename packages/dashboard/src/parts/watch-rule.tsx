/** Rule of a watch as a form: what is read, the condition, its timing, and the keys. */
import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { Input } from "../components/input.tsx";
import { Card, Stack } from "../components/page.tsx";
import { faultsUnder, type RuleFault } from "../lib/rule-faults.ts";
import { newCondition } from "../lib/condition-draft.ts";
import type { ReadField, RuleDraft } from "../lib/watch-draft.ts";
import { filterPathsOf, type SuggestedSelector } from "../lib/watch-selectors.ts";
import { ConditionEditor, type ConditionEditorProps } from "./condition-editor.tsx";
import { DurationInput } from "./duration-input.tsx";
import { useSuggestedSelectors } from "./use-filter-paths.ts";
import styles from "./watch.module.css";

export interface WatchRuleFieldsProps {
  readonly app: string;
  readonly eventTypes: readonly string[] | null;
  readonly draft: RuleDraft;
  readonly onChange: (draft: RuleDraft) => void;
  readonly faults: readonly RuleFault[];
}

type Set = (changes: Partial<RuleDraft>) => void;
type Errors = (...path: readonly string[]) => readonly string[];

export function WatchRuleFields({ app, eventTypes, draft, onChange, faults }: WatchRuleFieldsProps) {
  const set: Set = (changes) => onChange({ ...draft, ...changes });
  const errors: Errors = (...path) => faultsUnder(faults, path).map(({ message }) => message);
  const found = useSuggestedSelectors(app, eventTypes ?? []);
  const filterPaths = filterPathsOf(found, OTHER_PATHS);
  return (
    <Stack>
      <Read found={found} draft={draft} set={set} errors={errors} />
      <When draft={draft} set={set} faults={faults} filterPaths={filterPaths} />
      {draft.when.kind !== "changed" && (
        <Timing draft={draft} set={set} errors={errors} faults={faults} filterPaths={filterPaths} />
      )}
      <Keys draft={draft} set={set} errors={errors} />
    </Stack>
  );
}

interface SectionProps {
  readonly draft: RuleDraft;
  readonly set: Set;
  readonly errors: Errors;
}

interface ConditionProps {
  readonly faults: readonly RuleFault[];
  readonly filterPaths: ConditionEditorProps["filterPaths"];
}

const OTHER_PATHS = ["eventType", "eventId", "id", "time", "channels", "tags", "headers.content-type", "query."];
const OTHER_SELECTORS = ["body", "eventType", "eventId", "id", "status", "topic:0", "path:0", "header:etag"];

function Read({ found, draft, set, errors }: SectionProps & { readonly found: readonly SuggestedSelector[] }) {
  const { t } = useTranslation();
  const isInItems = draft.read.items !== "";
  const suggestions = [
    ...found.filter(({ isList }) => !isList).map((one) => suggestionOf(one, draft.read.items)),
    ...OTHER_SELECTORS.map((value) => ({ value, label: "" })),
  ].filter((one) => one !== null);
  const lists = found
    .filter(({ isList }) => isList)
    .map(({ selector, example }) => ({ value: selector, label: example }));
  const field = (name: ReadField) => ({
    value: draft.read[name],
    onChange: (value: string) => set({ read: { ...draft.read, [name]: value } }),
    errors: errors("read", name),
  });
  return (
    <Card title={t("watchEdit.read")} lead={t("watchEdit.readLead")}>
      <div className={styles["fields"]}>
        <Input
          label={t("watchEdit.valueSelector")}
          help={t("watchEdit.valueHelp")}
          placeholder="$.temperature"
          suggestions={suggestions}
          {...field("value")}
        />
        <Input
          label={t("watchEdit.keySelector")}
          help={t("watchEdit.keyHelp")}
          placeholder="$.device"
          suggestions={suggestions}
          {...field("key")}
        />
      </div>
      <details open={isInItems || draft.read.time !== "" || undefined}>
        <summary>{t("watchEdit.more")}</summary>
        <div className={styles["fields"]}>
          <Input
            label={t("watchEdit.itemsSelector")}
            help={t("watchEdit.itemsHelp")}
            placeholder="$.sensors[*]"
            suggestions={lists}
            {...field("items")}
          />
          <Input
            label={t("watchEdit.timeSelector")}
            help={t("watchEdit.timeHelp")}
            placeholder="$.measuredAt"
            suggestions={suggestions}
            {...field("time")}
          />
        </div>
      </details>
    </Card>
  );
}

/** A suggestion for a field of each item, if the message has several samples; `null`: it is not in the items. */
function suggestionOf({ selector, example }: SuggestedSelector, items: string) {
  if (items === "") return { value: selector, label: example };
  return selector.startsWith(items) ? { value: `$${selector.slice(items.length)}`, label: example } : null;
}

function When({ draft, set, faults, filterPaths }: Pick<SectionProps, "draft" | "set"> & ConditionProps) {
  const { t } = useTranslation();
  return (
    <Card title={t("watchEdit.when")} lead={t("watchEdit.whenLead")}>
      <ConditionEditor
        condition={draft.when}
        onChange={(when) => set({ when })}
        path={["when"]}
        faults={faults}
        filterPaths={filterPaths}
        allowsChange
      />
    </Card>
  );
}

function Timing({ draft, set, errors, faults, filterPaths }: SectionProps & ConditionProps) {
  const { t } = useTranslation();
  const duration = (name: "for" | "hold" | "remind") => ({
    value: draft[name],
    onChange: (value: string) => set({ [name]: value }),
    errors: errors(name),
  });
  return (
    <Card title={t("watchEdit.timing")}>
      <div className={styles["fields"]}>
        <DurationInput label={t("watchEdit.for")} help={t("watchEdit.forHelp")} {...duration("for")} />
        <Input
          label={t("watchEdit.times")}
          help={t("watchEdit.timesHelp")}
          inputMode="numeric"
          value={draft.times}
          onChange={(times) => set({ times })}
          errors={errors("times")}
        />
      </div>
      <SelectField
        label={t("watchEdit.ending")}
        value={draft.until === null ? "same" : "own"}
        onChange={(value) => set({ until: value === "own" ? opposite(draft) : null })}
        choices={(["same", "own"] as const).map((value) => ({ value, label: t(`watchEdit.endings.${value}`) }))}
      />
      {draft.until !== null && (
        <fieldset className={styles["part"]}>
          <legend>{t("watchEdit.until")}</legend>
          <div className={styles["condition"]}>
            <p className="muted">{t("watchEdit.untilLead")}</p>
            <ConditionEditor
              condition={draft.until}
              onChange={(until) => set({ until })}
              path={["until"]}
              faults={faults}
              filterPaths={filterPaths}
            />
          </div>
        </fieldset>
      )}
      <div className={styles["fields"]}>
        <DurationInput label={t("watchEdit.hold")} help={t("watchEdit.holdHelp")} {...duration("hold")} />
        <DurationInput
          label={t("watchEdit.remind")}
          help={t("watchEdit.remindHelp")}
          unit="h"
          {...duration("remind")}
        />
      </div>
    </Card>
  );
}

/** A condition to clear, for the condition that raises. */
function opposite({ when }: RuleDraft) {
  if (when.kind === "above") return newCondition("below");
  return newCondition(when.kind === "below" ? "above" : "below");
}

function Keys({ draft, set, errors }: SectionProps) {
  const { t } = useTranslation();
  if (draft.read.key === "") return null;
  return (
    <Card title={t("watchEdit.keysTitle")}>
      <Input
        label={t("watchEdit.expect")}
        help={t("watchEdit.expectHelp")}
        rows={3}
        value={draft.expect}
        onChange={(expect) => set({ expect })}
        errors={errors("expect")}
      />
      <div className={styles["fields"]}>
        <DurationInput
          label={t("watchEdit.forget")}
          help={t("watchEdit.forgetHelp")}
          unit="d"
          value={draft.forget}
          onChange={(forget) => set({ forget })}
          errors={errors("forget")}
        />
        <Input
          label={t("watchEdit.maxKeys")}
          help={t("watchEdit.maxKeysHelp")}
          inputMode="numeric"
          value={draft.maxKeys}
          onChange={(maxKeys) => set({ maxKeys })}
          errors={errors("maxKeys")}
        />
      </div>
    </Card>
  );
}
