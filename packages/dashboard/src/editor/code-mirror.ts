/** The code editor. Loaded on first use, in a chunk of its own. */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { javascript, javascriptLanguage } from "@codemirror/lang-javascript";
import { json, jsonLanguage } from "@codemirror/lang-json";
import { bracketMatching, indentOnInput, indentUnit, syntaxTree } from "@codemirror/language";
import { forceLinting, lintGutter, linter, lintKeymap } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, type Extension, Prec, StateEffect } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder as placeholderText,
} from "@codemirror/view";
import type { EditorSubject } from "./completions.ts";
import { type CodeFault, faultProblem, type ProblemTexts, syntaxProblem } from "./problems.ts";
import { suggestJson, type SuggestOptions, suggestWebhook } from "./suggest.ts";
import { theme } from "./theme.ts";

export type CodeLanguage = "json" | "javascript";

export interface CodeEditorOptions {
  readonly parent: HTMLElement;
  readonly value: string;
  readonly language: CodeLanguage;
  readonly subject: EditorSubject | null;
  readonly placeholder: string;
  readonly readOnly: boolean;
  readonly nonce: string | null;
  readonly texts: ProblemTexts & { readonly of: (key: string) => string };
  /** Called with the text after each change by the user. */
  readonly onChange: (value: string) => void;
}

/** What changes while the editor is open. */
export interface CodeEditorState {
  /** Attributes of the field, such as its label. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly paths: readonly string[];
  readonly faults: readonly CodeFault[];
}

export interface CodeEditor {
  /** Replaces the text, unless it is the same. */
  setValue(value: string): void;
  setState(state: CodeEditorState): void;
  focus(): void;
  destroy(): void;
}

/** Marks changes that the page made, which are not reported back to it. */
const fromPage = Annotation.define<true>();

/** The page has other errors to mark. */
const faulted = StateEffect.define();

/** Milliseconds without typing before errors are marked, so that unfinished words are not. */
const LINT_DELAY_MS = 400;

/** Opens an editor. Tab moves the focus, as in every other field; Ctrl+] and Ctrl+[ indent. */
export function openCodeEditor(options: CodeEditorOptions): CodeEditor {
  const attributes = new Compartment();
  let current: CodeEditorState = { attributes: {}, paths: [], faults: [] };
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.value,
      extensions: [
        ...(options.nonce === null ? [] : [EditorView.cspNonce.of(options.nonce)]),
        attributes.of([]),
        basics(options),
        languageOf(options, () => current.paths),
        linter((one) => problemsIn(one.state, options.texts, current.faults), {
          delay: LINT_DELAY_MS,
          // Long texts, and any text on a busy machine, are parsed in steps. The part that is not parsed yet looks like an error.
          needsRefresh: ({ transactions, startState, state }) =>
            syntaxTree(startState) !== syntaxTree(state) ||
            transactions.some(({ effects }) => effects.some((one) => one.is(faulted))),
        }),
        EditorView.updateListener.of((update) => {
          const isOwn = update.transactions.some((one) => one.annotation(fromPage) === true);
          if (update.docChanged && !isOwn) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setValue: (value) => {
      const length = view.state.doc.length;
      if (view.state.doc.toString() === value) return;
      view.dispatch({ changes: { from: 0, to: length, insert: value }, annotations: fromPage.of(true) });
    },
    setState: (state) => {
      current = state;
      view.dispatch({
        effects: [attributes.reconfigure(EditorView.contentAttributes.of(state.attributes)), faulted.of(null)],
      });
      forceLinting(view);
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

function problemsIn(state: EditorState, texts: ProblemTexts, faults: readonly CodeFault[]) {
  const syntax = syntaxProblem(state, texts);
  return [...(syntax === null ? [] : [syntax]), ...faults.map((fault) => faultProblem(state, fault))];
}

function basics({ placeholder, readOnly }: CodeEditorOptions): Extension {
  return [
    theme,
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    highlightSpecialChars(),
    highlightActiveLine(),
    bracketMatching(),
    closeBrackets(),
    indentOnInput(),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    EditorState.readOnly.of(readOnly),
    // Wraps long lines, so that they are readable on a phone without scrolling sideways.
    EditorView.lineWrapping,
    placeholderText(placeholder),
    autocompletion({ icons: false, activateOnTypingDelay: 60 }),
    // In a dialog, the first Escape closes the suggestions instead of the dialog.
    Prec.highest(keymap.of([{ key: "Escape", run: closeCompletion, stopPropagation: true }])),
    keymap.of([
      { key: "Mod-]", run: indentMore },
      { key: "Mod-[", run: indentLess },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...lintKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
  ];
}

function languageOf({ language, subject, texts }: CodeEditorOptions, paths: () => readonly string[]): Extension {
  const known: SuggestOptions = { subject, paths, text: texts.of };
  if (language === "json") return [json(), jsonLanguage.data.of({ autocomplete: suggestJson(known) })];
  return [javascript(), javascriptLanguage.data.of({ autocomplete: suggestWebhook(known) })];
}
