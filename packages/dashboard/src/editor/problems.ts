/** Errors in the text of the editor. */
import { syntaxTree } from "@codemirror/language";
import type { Diagnostic } from "@codemirror/lint";
import type { EditorState } from "@codemirror/state";
import { spanOf } from "./json-place.ts";

/** An error that the server found, at a line or at a path such as `body.lines[0].sku`. */
export interface CodeFault {
  readonly message: string;
  readonly line?: number;
  readonly path?: string;
}

export interface ProblemTexts {
  /** Text in an unexpected place. */
  readonly unexpected: (text: string) => string;
  /** Something is missing. */
  readonly missing: string;
}

/** Maximum length of unexpected text that a message quotes. */
const MAX_SHOWN = 20;

/** The first syntax error. The parser recovers from it, but later errors are often consequences of the first. */
export function syntaxProblem(state: EditorState, texts: ProblemTexts): Diagnostic | null {
  // An empty field is not an error; each form defines what it means.
  if (state.doc.toString().trim() === "") return null;
  let found: Diagnostic | null = null;
  syntaxTree(state).iterate({
    enter: (node) => {
      if (found !== null) return false;
      if (!node.type.isError) return true;
      const { from, to } = visible(state, node.from, node.to);
      const text = state.sliceDoc(node.from, node.to);
      const message = text === "" ? texts.missing : texts.unexpected(text.slice(0, MAX_SHOWN));
      found = { from, to, severity: "error", message };
      return false;
    },
  });
  return found;
}

/** Marks an error from the server in the text, or at the beginning if its position is unknown. */
export function faultProblem(state: EditorState, { message, line, path }: CodeFault): Diagnostic {
  if (line !== undefined && line >= 1 && line <= state.doc.lines) {
    const { from, to } = state.doc.line(line);
    return { from, to, severity: "error", message };
  }
  const span = path === undefined ? null : spanOf(syntaxTree(state), state.doc.toString(), path);
  return { from: span?.from ?? 0, to: span?.to ?? Math.min(1, state.doc.length), severity: "error", message };
}

/** Widens an empty range by a character, so that it is visible. */
function visible(state: EditorState, from: number, to: number): { readonly from: number; readonly to: number } {
  if (to > from) return { from, to };
  return to < state.doc.length ? { from, to: to + 1 } : { from: Math.max(0, from - 1), to };
}
