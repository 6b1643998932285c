/** Form of a watch: what is watched, the rule as fields or JSON, the rule in words, and a preview on stored messages. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { useAudience } from "../session/audience.ts";
import formStyles from "../components/form.module.css";
import { Input } from "../components/input.tsx";
import { PickField, PickListField } from "../components/pick-field.tsx";
import { Card, Stack } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import type { Watch, WatchIn } from "../lib/watch.ts";
import { EMPTY_RULE, fromRule, isComplete, type RuleDraft, toRule, type WatchRule } from "../lib/watch-draft.ts";
import { ruleFaults } from "../lib/rule-faults.ts";
import { eventTypesOf, PLACES } from "../lib/option-sources.ts";
import { ruleSummary } from "../lib/watch-summary.ts";
import { CodeArea } from "./code-area.tsx";
import { namesOf } from "./type-picker.tsx";
import { UnsavedChanges } from "./unsaved-changes.tsx";
import { useDryRun } from "./use-dry-run.ts";
import { WatchPreview } from "./watch-preview.tsx";
import { WatchRuleFields } from "./watch-rule.tsx";
import styles from "./watch.module.css";

export interface WatchEditorProps {
  /** Application or source; empty: to be chosen. */
  readonly app: string;
  /** The watch as it is; `null`: a new one. */
  readonly watch: Watch | null;
  readonly onSave: (app: string, body: WatchIn) => void;
  readonly save: { readonly error: Error | null; readonly isPending: boolean; readonly isSuccess: boolean };
}

interface General {
  readonly app: string;
  readonly name: string;
  readonly uid: string;
  readonly types: string;
  readonly emitType: string;
  /** Empty: the application that is watched. */
  readonly emitApp: string;
}

/** The rule in the mode in which it is edited. */
type Edited = { readonly mode: "form"; readonly draft: RuleDraft } | { readonly mode: "json"; readonly text: string };

export function WatchEditor({ app, watch, onSave, save }: WatchEditorProps) {
  const { t } = useTranslation();
  const { may } = useAudience();
  const isReadOnly = watch !== null && !may("watches:write");
  const [general, setGeneral] = useState<General>(() => toGeneral(app, watch));
  const [edited, setEdited] = useState<Edited>(() => toEdited(watch));
  const current = JSON.stringify({ general, edited });
  const [initial] = useState(current);
  const [submitted, setSubmitted] = useState(initial);
  const isChanged = current !== (save.isSuccess ? submitted : initial);
  const [limit, setLimit] = useState("500");
  const [valuePage, setValuePage] = useState(0);
  const { rule, fault } = ruleOf(edited);
  const eventTypes = namesOf(general.types);
  const query = useDryRun({ app: general.app, rule, eventTypes, limit: Number(limit), valuePage });
  const faults = [...faultsOf(query.error), ...faultsOf(save.error)];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (rule === null) return;
    setSubmitted(current);
    const { name, uid, emitType, emitApp } = general;
    onSave(general.app, {
      name: name.trim(),
      uid: uid.trim() === "" ? null : uid.trim(),
      eventTypes,
      rule,
      emit: { type: emitType.trim(), app: emitApp === "" ? general.app : emitApp },
    });
  };
  return (
    <form className={styles["editor"]} onSubmit={submit}>
      <UnsavedChanges when={isChanged && !save.isPending} />
      <fieldset disabled={isReadOnly} className={formStyles["readOnly"]}>
        <Stack>
          <What general={general} onChange={setGeneral} isNew={watch === null} />
          <Mode edited={edited} rule={rule} onChange={setEdited} />
          {edited.mode === "form" ? (
            <WatchRuleFields
              app={general.app}
              eventTypes={eventTypes}
              draft={edited.draft}
              onChange={(draft) => setEdited({ mode: "form", draft })}
              faults={faults}
            />
          ) : (
            <Card>
              <CodeArea
                label={t("watchEdit.json")}
                help={fault === null ? t("watchEdit.jsonHelp") : t("watchEdit.jsonInvalid", { fault })}
                value={edited.text}
                onChange={(text) => setEdited({ mode: "json", text })}
                rows={18}
                invalid={fault !== null}
                language="json"
                faults={faults.map(({ path, message }) => ({ path: placeOf(path), message }))}
                readOnly={isReadOnly}
              />
              {faults.map(({ path, message }) => (
                <p key={path.join(".")} className={formStyles["error"]} role="alert">
                  <code>{path.join(".")}</code>: {message}
                </p>
              ))}
            </Card>
          )}
        </Stack>
      </fieldset>
      <div className={styles["beside"]} tabIndex={0} role="group" aria-label={t("watchEdit.beside")}>
        <Stack>
          <RuleInWords rule={rule} />
          {faultsOf(save.error).length === 0 && <FormError error={save.error} />}
          <div className={formStyles["foot"]}>
            {save.isSuccess && <span role="status">{t("actions.saved")}</span>}
            {isReadOnly && <span className="muted">{t("actions.readOnly")}</span>}
            <Button
              needs="watches:write"
              needsIn={general.app === "" ? "anywhere" : general.app}
              type="submit"
              kind="primary"
              disabled={save.isPending || rule === null || general.app === ""}
            >
              {t(watch === null ? "watches.create" : "watches.saveAll")}
            </Button>
          </div>
          <WatchPreview
            app={general.app}
            rule={rule}
            query={query}
            hasFaults={faults.length > 0}
            limit={limit}
            onLimit={(next) => {
              setLimit(next);
              setValuePage(0);
            }}
            valuePage={valuePage}
            onValuePage={setValuePage}
          />
        </Stack>
      </div>
    </form>
  );
}

/** The rule as a sentence. */
export function RuleInWords({ rule }: { readonly rule: WatchRule | null }) {
  const { t, i18n } = useTranslation();
  return (
    <p className={styles["summary"]}>
      <strong>{t("watchEdit.summary")}</strong>
      {rule === null ? "…" : ruleSummary(i18n, rule)}
    </p>
  );
}

function toGeneral(app: string, watch: Watch | null): General {
  if (watch === null) return { app, name: "", uid: "", types: "", emitType: "", emitApp: "" };
  const { name, uid, eventTypes, emit } = watch;
  return {
    app: watch.app.id,
    name,
    uid: uid ?? "",
    types: (eventTypes ?? []).join(", "),
    emitType: emit.type,
    emitApp: emit.app === watch.app.id ? "" : emit.app,
  };
}

function toEdited(watch: Watch | null): Edited {
  if (watch === null) return { mode: "form", draft: EMPTY_RULE };
  const draft = fromRule(watch.rule);
  return draft === null ? { mode: "json", text: JSON.stringify(watch.rule, null, 2) } : { mode: "form", draft };
}

interface ParsedRule {
  /** `null`: it is not complete. */
  readonly rule: WatchRule | null;
  /** Why the JSON cannot be read. */
  readonly fault: string | null;
}

function ruleOf(edited: Edited): ParsedRule {
  if (edited.mode === "form") return { rule: isComplete(edited.draft) ? toRule(edited.draft) : null, fault: null };
  try {
    const parsed = JSON.parse(edited.text) as unknown;
    const isRule = typeof parsed === "object" && parsed !== null && "when" in parsed;
    return { rule: isRule ? (parsed as WatchRule) : null, fault: null };
  } catch (error) {
    return { rule: null, fault: (error as Error).message };
  }
}

/** The location of an error as a path: `when.all[0].above`. */
function placeOf(path: readonly string[]): string {
  return path.map((name, index) => (/^\d+$/.test(name) ? `[${name}]` : index === 0 ? name : `.${name}`)).join("");
}

function faultsOf(error: Error | null) {
  return error instanceof ApiError ? ruleFaults(error.faults) : [];
}

interface ModeProps {
  readonly edited: Edited;
  readonly rule: WatchRule | null;
  readonly onChange: (edited: Edited) => void;
}

/** Switches between the fields and the JSON of the rule. */
function Mode({ edited, rule, onChange }: ModeProps) {
  const { t } = useTranslation();
  const draft = edited.mode === "json" && rule !== null ? safely(rule) : null;
  return (
    <div className={styles["switch"]} role="group" aria-label={t("watchEdit.editAs")}>
      <Button
        small
        aria-pressed={edited.mode === "form"}
        kind={edited.mode === "form" ? "primary" : "plain"}
        disabled={edited.mode === "json" && draft === null}
        onClick={() => draft !== null && onChange({ mode: "form", draft })}
      >
        {t("watchEdit.asForm")}
      </Button>
      <Button
        small
        aria-pressed={edited.mode === "json"}
        kind={edited.mode === "json" ? "primary" : "plain"}
        onClick={() => edited.mode === "form" && onChange({ mode: "json", text: textOf(edited.draft) })}
      >
        {t("watchEdit.asJson")}
      </Button>
      {edited.mode === "json" && rule !== null && draft === null && <Note>{t("watchEdit.onlyJson")}</Note>}
    </div>
  );
}

function textOf(draft: RuleDraft): string {
  return JSON.stringify(toRule(draft), null, 2);
}

/** JSON from the text field can have any structure. */
function safely(rule: WatchRule): RuleDraft | null {
  try {
    return fromRule(rule);
  } catch {
    return null;
  }
}

interface WhatProps {
  readonly general: General;
  readonly onChange: (general: General) => void;
  readonly isNew: boolean;
}

function What({ general, onChange, isNew }: WhatProps) {
  const { t } = useTranslation();
  const set = (changes: Partial<General>): void => onChange({ ...general, ...changes });
  const { app, name, uid, types, emitType, emitApp } = general;
  return (
    <Card title={t(isNew ? "watchEdit.what" : "watches.general")}>
      {isNew && (
        <PickField
          source={PLACES}
          label={t("watchEdit.app")}
          help={t("watchEdit.appHelp")}
          placeholder={t("pick.placeholder")}
          value={app}
          onChange={(value) => set({ app: value })}
        />
      )}
      <div className={styles["fields"]}>
        <Input label={t("watchEdit.name")} value={name} onChange={(value) => set({ name: value })} required />
        <PickListField
          source={eventTypesOf(app === "" ? undefined : app)}
          label={t("watchEdit.types")}
          help={t("watchEdit.typesHelp")}
          placeholder="reading"
          value={namesOf(types) ?? []}
          onChange={(names) => set({ types: names.join(", ") })}
        />
      </div>
      <div className={styles["fields"]}>
        <Input
          label={t("watchEdit.emit")}
          help={t("watchEdit.emitHelp", { example: emitType.trim() === "" ? "freezer.warm" : emitType.trim() })}
          placeholder="freezer.warm"
          value={emitType}
          onChange={(value) => set({ emitType: value })}
          required
        />
        <PickField
          source={PLACES}
          label={t("watchEdit.target")}
          placeholder={t("watchEdit.targetSame")}
          value={emitApp}
          onChange={(value) => set({ emitApp: value })}
        />
      </div>
      <Input
        label={t("watchEdit.uid")}
        help={t("sourceEdit.uidHelp")}
        value={uid}
        onChange={(value) => set({ uid: value })}
      />
    </Card>
  );
}
