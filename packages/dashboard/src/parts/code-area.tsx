import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "../components/form.module.css";
import type * as codeMirror from "../editor/code-mirror.ts";
import type { CodeEditor, CodeLanguage } from "../editor/code-mirror.ts";
import type { EditorSubject } from "../editor/completions.ts";
import type { CodeFault } from "../editor/problems.ts";
import { styleNonce } from "../lib/nonce.ts";
import editorStyles from "./code-area.module.css";

export interface CodeAreaProps {
  readonly label: string;
  readonly help?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
  readonly placeholder?: string;
  readonly invalid?: boolean;
  /** Absent: plain text, without an editor. */
  readonly language?: CodeLanguage;
  /** Subject of the text, for suggestions beyond the language. */
  readonly subject?: EditorSubject;
  /** Paths in recent messages to suggest, such as `body.status`. */
  readonly paths?: readonly string[];
  /** Errors to mark in the text. */
  readonly faults?: readonly CodeFault[];
  readonly readOnly?: boolean;
}

type EditorModule = typeof codeMirror;

const NO_PATHS: readonly string[] = [];
const NO_FAULTS: readonly CodeFault[] = [];

/**
 * Field for code: an editor with highlighting and suggestions once it has loaded, and a text field until then or if it cannot load.
 * In both, Tab moves the focus as everywhere, so that the field is no keyboard trap.
 */
export function CodeArea(props: CodeAreaProps) {
  const { t } = useTranslation();
  const { label, help, language, rows = 12 } = props;
  const id = useId();
  const module = useEditor(language !== undefined, id);
  const labelId = `${id}-label`;
  const helpId = `${id}-help`;
  const notes: readonly string[] = [
    ...(help === undefined ? [] : [help]),
    ...(language === undefined || props.readOnly === true ? [] : [t("editor.keys")]),
  ];
  const described = notes.length === 0 ? {} : { "aria-describedby": helpId };
  return (
    <div className={styles["field"]}>
      <label id={labelId} htmlFor={id} className={styles["label"]}>
        {label}
      </label>
      {module === null || language === undefined ? (
        <TextArea {...props} id={id} rows={rows} described={described} />
      ) : (
        <Mounted
          {...props}
          key={language}
          id={id}
          rows={rows}
          language={language}
          module={module}
          attributes={{ "aria-labelledby": labelId, tabindex: "0", ...described }}
        />
      )}
      {notes.length > 0 && <Help id={helpId}>{notes.join(" ")}</Help>}
    </div>
  );
}

function Help({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return (
    <p id={id} className={styles["help"]}>
      {children}
    </p>
  );
}

let loading: Promise<EditorModule> | undefined;

function loadEditor(): Promise<EditorModule> {
  loading ??= import("../editor/code-mirror.ts").catch((error: unknown) => {
    // The next field tries again, because the connection may be back.
    loading = undefined;
    throw error;
  });
  return loading;
}

/** `null`: not loaded yet, or it cannot load. */
function useEditor(isWanted: boolean, id: string): EditorModule | null {
  const [loaded, setLoaded] = useState<{ readonly module: EditorModule | null }>({ module: null });
  useEffect(() => {
    if (!isWanted) return;
    let isCurrent = true;
    const show = (module: EditorModule): void => {
      if (!isCurrent) return;
      const field = document.getElementById(id);
      // A field that has the focus is not replaced, because text that is being typed would be lost.
      if (field !== null && field === document.activeElement) {
        field.addEventListener("blur", () => show(module), { once: true });
      } else setLoaded({ module });
    };
    // Without it, the text field stays.
    loadEditor().then(show, () => undefined);
    return () => {
      isCurrent = false;
    };
  }, [isWanted, id]);
  return loaded.module;
}

interface MountedProps extends CodeAreaProps {
  readonly id: string;
  readonly module: EditorModule;
  readonly language: CodeLanguage;
  readonly attributes: Readonly<Record<string, string>>;
}

function Mounted(props: MountedProps) {
  const { t } = useTranslation();
  const { id, module, value, rows, invalid = false, paths = NO_PATHS, faults = NO_FAULTS, attributes } = props;
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeEditor | null>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    const { language, subject = null, placeholder = "", readOnly = false } = latest.current;
    const opened = module.openCodeEditor({
      parent: host.current!,
      value: latest.current.value,
      language,
      subject,
      placeholder,
      readOnly,
      nonce: styleNonce(),
      texts: {
        unexpected: (text) => t("editor.unexpected", { text }),
        missing: t("editor.missing"),
        of: (key) => t(key as "editor.missing"),
      },
      onChange: (next) => latest.current.onChange(next),
    });
    setEditor(opened);
    // A label focuses only form controls.
    const label = host.current!.previousElementSibling;
    const focus = (): void => opened.focus();
    label?.addEventListener("click", focus);
    return () => {
      label?.removeEventListener("click", focus);
      opened.destroy();
    };
  }, [module, t]);
  useEffect(() => editor?.setValue(value), [value, editor]);
  // Compared as text, because callers make new lists with each render.
  const known = JSON.stringify({ attributes: { ...attributes, "aria-invalid": String(invalid) }, paths, faults });
  useEffect(() => {
    editor?.setState(JSON.parse(known) as Parameters<CodeEditor["setState"]>[0]);
  }, [known, editor]);
  return <div id={id} ref={host} className={editorStyles["editor"]} data-rows={rows! > 9 ? "many" : "few"} />;
}

interface TextAreaProps extends CodeAreaProps {
  readonly id: string;
  readonly described: { readonly "aria-describedby"?: string };
}

const INDENT = "  ";

/** The text field. Enter keeps the indentation; Ctrl+] inserts an indent. */
function TextArea({
  id,
  rows,
  value,
  onChange,
  placeholder,
  invalid = false,
  readOnly = false,
  described,
}: TextAreaProps) {
  const insert = (area: HTMLTextAreaElement, text: string): void => {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    onChange(area.value);
  };
  return (
    <textarea
      id={id}
      rows={rows}
      className={`${styles["input"]} ${styles["area"]}`}
      value={value}
      placeholder={placeholder}
      readOnly={readOnly}
      spellCheck={false}
      autoCapitalize="off"
      aria-invalid={invalid}
      {...described}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        const area = event.currentTarget;
        if (readOnly) return;
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
          const line = area.value.slice(0, area.selectionStart).split("\n").at(-1)!;
          event.preventDefault();
          insert(area, `\n${/^\s*/.exec(line)![0]}${/[[{(]\s*$/.test(line) ? INDENT : ""}`);
        } else if (event.key === "]" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          insert(area, INDENT);
        }
      }}
    />
  );
}
