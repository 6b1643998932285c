/** Completion in the editor: finds out where the cursor is, and offers the suggestions of {@link file://./completions.ts} for that position. */
import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  snippetCompletion,
} from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import {
  type EditorSubject,
  filterNames,
  payloadNames,
  schemaNames,
  type Suggestion,
  valuesOf,
  WEBHOOK_MEMBERS,
} from "./completions.ts";
import { expectedAt, namesAt } from "./json-place.ts";

export interface SuggestOptions {
  readonly subject: EditorSubject | null;
  /** Paths in recent messages, such as `body.status`. */
  readonly paths: () => readonly string[];
  /** Returns the text of a translation key. */
  readonly text: (key: string) => string;
}

const NAME = /"?[\w$.[\]*-]*$/;

/** Suggests members and values of JSON. */
export function suggestJson({ subject, paths, text }: SuggestOptions) {
  return (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(NAME);
    const from = word?.from ?? context.pos;
    if (!context.explicit && (word === null || word.text === "")) return null;
    const tree = syntaxTree(context.state);
    const doc = context.state.doc.toString();
    const expected = expectedAt(tree, doc, from);
    const inside = namesAt(tree, doc, from);
    if (expected === "value") {
      const options = valuesOf(subject, inside.at(-1) ?? lastName(doc, from)).map((label) => ({ label }));
      return options.length === 0 ? null : { from, options };
    }
    if (expected === null) return null;
    const options = namesFor(subject, inside, paths()).map((one): Completion => ({
      ...shown(one, text),
      label: JSON.stringify(one.label),
      apply: applyName,
    }));
    return options.length === 0 ? null : { from, options, validFor: /^"?[\w$.[\]*-]*$/ };
  };
}

function namesFor(subject: EditorSubject | null, inside: readonly string[], paths: readonly string[]) {
  if (subject === "filter") return filterNames(inside, paths);
  return subject === "schema" ? schemaNames(inside) : [];
}

/** The name before a colon at the end of a text. */
function lastName(doc: string, from: number): string | undefined {
  return /"([^"\\]*)"\s*:\s*$/.exec(doc.slice(0, from))?.[1];
}

/** Writes a name with its colon, without repeating a quote or a colon that is already there. */
function applyName(view: EditorView, completion: Completion, from: number, to: number): void {
  const after = view.state.sliceDoc(to, to + 40);
  const end = after.startsWith('"') ? to + 1 : to;
  const hasColon = /^\s*:/.test(view.state.sliceDoc(end, end + 40));
  const insert = completion.label + (hasColon ? "" : ": ");
  view.dispatch({
    changes: { from, to: end, insert },
    selection: { anchor: from + insert.length },
    userEvent: "input.complete",
  });
}

/** Suggests the members of the webhook in the code of a transformation, and those of its payload in recent messages. */
export function suggestWebhook({ paths, text }: SuggestOptions) {
  return (context: CompletionContext): CompletionResult | null => {
    const member = context.matchBefore(/[\w$]+(?:\??\.[\w$]+)*\??\.[\w$]*$/);
    if (member === null) return context.matchBefore(/^\s*\w*$/) === null ? null : start(context);
    const names = member.text.split(/\??\./);
    if (names[0] !== argumentOf(context.state)) return null;
    const inside = names.slice(1, -1);
    const options =
      inside.length === 0
        ? WEBHOOK_MEMBERS.map((label) => shown({ label, about: `editor.webhook.${label}` }, text))
        : inside[0] === "payload"
          ? payloadNames(inside.slice(1), paths()).map((one) => shown(one, text))
          : [];
    return options.length === 0 ? null : { from: member.to - names.at(-1)!.length, options, validFor: /^[\w$]*$/ };
  };
}

/** Suggests the function that a transformation must declare, if the code has none yet. */
function start(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/\w+$/);
  if (word === null || /function\s+handler\b/.test(context.state.doc.toString())) return null;
  const handler = snippetCompletion("function handler(webhook) {\n\t${}\n\treturn webhook;\n}", { label: "handler" });
  return { from: word.from, options: [handler], validFor: /^\w*$/ };
}

/** Name of the argument of `handler`. */
function argumentOf(state: EditorState): string {
  return /function\s+handler\s*\(\s*([\w$]+)/.exec(state.doc.toString())?.[1] ?? "webhook";
}

function shown({ label, about }: Suggestion, text: (key: string) => string): Completion {
  return about === undefined ? { label, type: "property" } : { label, type: "keyword", detail: text(about) };
}
