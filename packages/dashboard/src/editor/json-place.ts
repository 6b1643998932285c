/** Positions in JSON text that may be incomplete, found in the syntax tree of the editor. */
import type { syntaxTree } from "@codemirror/language";

type Tree = ReturnType<typeof syntaxTree>;
type SyntaxNode = Tree["topNode"];

/** Names of the members around a position, from the outermost to the innermost. Items of a list have no name. */
export function namesAt(tree: Tree, text: string, position: number): readonly string[] {
  const names: string[] = [];
  for (let node: SyntaxNode | null = tree.resolveInner(position, -1); node !== null; node = node.parent) {
    if (node.name !== "Property") continue;
    const name = node.getChild("PropertyName");
    // A name that is still being typed does not contain the position.
    if (name !== null && name.to < position) names.unshift(nameOf(name, text));
  }
  return names;
}

/** Whether a member begins here, a value follows a name, or neither. `from` is where the word at the position begins. */
export function expectedAt(tree: Tree, text: string, from: number): "name" | "value" | null {
  const before = /([{,:[])\s*$/.exec(text.slice(0, from))?.[1];
  if (before === ":") return "value";
  if (before !== "{" && before !== ",") return null;
  let node: SyntaxNode | null = tree.resolveInner(from, -1);
  while (node !== null && node.name !== "Object" && node.name !== "Array") node = node.parent;
  return node?.name === "Object" ? "name" : null;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The member at a path in the server's notation, such as `body.lines[0].sku`; if there is none, the innermost member around it. */
export function spanOf(tree: Tree, text: string, path: string): Span | null {
  let node = tree.topNode.firstChild;
  let rest = path;
  let found: Span | null = null;
  while (node !== null && rest !== "") {
    const step: Step | null = node.name === "Array" ? itemStep(node, rest) : memberStep(node, text, rest);
    if (step === null) break;
    found = step.span;
    rest = step.rest.replace(/^\./, "");
    node = step.value;
  }
  return found;
}

interface Step {
  readonly span: Span;
  readonly rest: string;
  readonly value: SyntaxNode | null;
}

function itemStep(list: SyntaxNode, path: string): Step | null {
  const index = /^\[(\d+)\]/.exec(path);
  if (index === null) return null;
  const value = items(list)[Number(index[1])];
  return value === undefined ? null : { span: value, rest: path.slice(index[0].length), value };
}

/** The longest name with which the path begins, because names can contain dots. */
function memberStep(object: SyntaxNode, text: string, path: string): Step | null {
  let best: Step | null = null;
  let length = 0;
  for (const property of object.getChildren("Property")) {
    const name = property.getChild("PropertyName");
    if (name === null) continue;
    const own = nameOf(name, text);
    const shown = [own, JSON.stringify(own)].find((one) => isStep(path, one));
    if (shown === undefined || shown.length < length) continue;
    length = shown.length;
    const value = property.lastChild;
    best = { span: name, rest: path.slice(length), value: value === name ? null : value };
  }
  return best;
}

function isStep(path: string, name: string): boolean {
  return path.startsWith(name) && /^($|[.[])/.test(path.slice(name.length));
}

function items(list: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let node = list.firstChild; node !== null; node = node.nextSibling) {
    if (!node.type.isError && !["[", "]", ","].includes(node.name)) found.push(node);
  }
  return found;
}

function nameOf(node: SyntaxNode, text: string): string {
  const written = text.slice(node.from, node.to);
  try {
    return JSON.parse(written) as string;
  } catch {
    return written.replaceAll('"', "");
  }
}
