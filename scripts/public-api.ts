/** Reads the exports of a published package and their doc comments from the TypeScript program, for the API reference and its tests. */
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type {
  ClassElement,
  ConstructorDeclaration,
  FunctionDeclaration,
  MethodDeclaration,
  Node,
  ParameterDeclaration,
  TypeElement,
} from "typescript/unstable/ast";
import {
  isClassDeclaration,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isGetAccessorDeclaration,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isPrivateIdentifier,
  isTypeAliasDeclaration,
} from "typescript/unstable/ast/is";
import { API, type Project, type Symbol, SymbolFlags } from "typescript/unstable/sync";

export type ExportKind = "function" | "class" | "constant" | "interface" | "type";

/** A parsed doc comment. */
export interface Doc {
  /** The text before the first block tag. */
  readonly text: string;
  /** Block tags in their order, such as `param` with "body The exact bytes". */
  readonly tags: readonly { readonly name: string; readonly text: string }[];
}

/** A member of an interface or a class, or one overload of a function. */
export interface ApiMember {
  readonly name: string;
  readonly signature: string;
  readonly doc: Doc;
}

/** One exported name. */
export interface ApiExport {
  /** The module specifier that callers import, such as `@posthorn/webhooks/doctor`. */
  readonly entry: string;
  readonly name: string;
  readonly kind: ExportKind;
  /** `path:line` of the declaration, from the root of the repository. */
  readonly place: string;
  readonly doc: Doc;
  /** The declaration without its body and without the members listed in `members`. */
  readonly signature: string;
  /** Names of a function's parameters. */
  readonly parameters: readonly string[];
  readonly members: readonly ApiMember[];
}

/** The flag of the compiler that prints types in full. */
const NO_TRUNCATION = 1;
/** Characters of a type that are printed in full. */
const MAX_TYPE = 1000;

const DOC_COMMENT = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/;

/** Every export of the entry points of a package, in the order of its `package.json`. Patterns such as `./providers/*` are omitted. */
export function publicApi(folder: string): readonly ApiExport[] {
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, { "@posthorn/source"?: string }>;
  };
  const entries = Object.entries(exports).flatMap(([path, { "@posthorn/source": source }]) =>
    source === undefined || source.includes("*") ? [] : [{ entry: name + path.slice(1), file: join(folder, source) }],
  );
  const api = new API({ cwd: process.cwd() });
  try {
    const config = resolve(folder, "tsconfig.json");
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (project === undefined) throw new Error(`TypeScript cannot open ${config}`);
    return entries.flatMap(({ entry, file }) => exportsOf(project, entry, resolve(file)));
  } finally {
    api.close();
  }
}

function exportsOf(project: Project, entry: string, file: string): ApiExport[] {
  const source = project.program.getSourceFile(file);
  const module = source === undefined ? undefined : project.checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is not part of ${project.configFileName}`);
  return project.checker.getExportsOfModule(module).map((symbol) => {
    const target = (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : project.checker.getAliasedSymbol(symbol);
    return describe(project, entry, symbol.name, target);
  });
}

function describe(project: Project, entry: string, name: string, symbol: Symbol): ApiExport {
  const nodes = symbol.declarations.flatMap((handle) => handle.resolve(project) ?? []);
  const [node] = nodes;
  if (node === undefined) throw new Error(`${name} of ${entry} has no declaration`);
  const { fileName, text } = node.getSourceFile();
  const line = text.slice(0, node.getStart()).split("\n").length;
  const common = { entry, name, place: `${relative(process.cwd(), fileName)}:${line}`, doc: docOf(node) };
  const plain = { parameters: [], members: [] };
  if (isFunctionDeclaration(node)) return { ...common, ...functionParts(nodes.filter(isFunctionDeclaration)) };
  if (isInterfaceDeclaration(node)) {
    const header = text.slice(node.getStart(), node.members[0]?.pos ?? node.end).replace(/\{[^]*$/, "");
    return { ...common, kind: "interface", ...plain, signature: bare(header), members: node.members.map(typeMember) };
  }
  if (isClassDeclaration(node)) {
    const header = text.slice(node.getStart(), node.members[0]?.pos ?? node.end).replace(/\{[^]*$/, "");
    return { ...common, kind: "class", ...plain, signature: bare(header), members: node.members.flatMap(classMember) };
  }
  if (isTypeAliasDeclaration(node)) {
    return { ...common, kind: "type", ...plain, signature: bare(node.getText()) };
  }
  const type = project.checker.getTypeOfSymbol(symbol);
  const whole = type === undefined ? "unknown" : project.checker.typeToString(type, node, NO_TRUNCATION);
  // Tables with a literal type are long: the compiler abbreviates them.
  const shown = type === undefined || whole.length < MAX_TYPE ? whole : project.checker.typeToString(type, node);
  const doc = docOf(node.parent.parent);
  return { ...common, doc, kind: "constant", ...plain, signature: `declare const ${name}: ${shown};` };
}

function functionParts(
  nodes: readonly FunctionDeclaration[],
): Pick<ApiExport, "kind" | "signature" | "parameters" | "members"> {
  // Callers see the overloads; the implementation behind them is not part of the API.
  const visible = nodes.length > 1 ? nodes.filter(({ body }) => body === undefined) : nodes;
  return {
    kind: "function",
    signature: visible.map((node) => `function ${callSignature(node.name?.getText() ?? "", node)}`).join("\n"),
    parameters: [...new Set(visible.flatMap(({ parameters }) => parameters.map(({ name }) => name.getText())))],
    members: [],
  };
}

function typeMember(node: TypeElement): ApiMember {
  const signature = bare(node.getText());
  return { name: nameOf(node)?.getText() ?? signature, signature, doc: docOf(node) };
}

function classMember(node: ClassElement): readonly ApiMember[] {
  const name = nameOf(node);
  const hidden = (name !== undefined && isPrivateIdentifier(name)) || /^(?:private|protected)\b/.test(node.getText());
  if (hidden) return [];
  if (isConstructorDeclaration(node)) {
    return [{ name: "constructor", signature: callSignature("constructor", node), doc: docOf(node) }];
  }
  const text = name?.getText() ?? "";
  if (isMethodDeclaration(node)) return [{ name: text, signature: callSignature(text, node), doc: docOf(node) }];
  if (isGetAccessorDeclaration(node)) {
    const signature = `readonly ${text}: ${oneLine(node.type?.getText() ?? "unknown")}`;
    return [{ name: text, signature, doc: docOf(node) }];
  }
  const signature = bare(node.getText()).replace(/^override /, "");
  return [
    {
      name: text,
      signature: signature.replace(/(: [\w.]+)? = (.*)$/, (_, type) => type ?? ": string"),
      doc: docOf(node),
    },
  ];
}

/** Constructors, call and index signatures have no name. */
function nameOf(node: Node): Node | undefined {
  return (node as { readonly name?: Node }).name;
}

/** A signature as declaration files write it: parameters with a default are optional, and the default is omitted. */
function callSignature(name: string, node: FunctionDeclaration | MethodDeclaration | ConstructorDeclaration): string {
  const generics = node.typeParameters?.map((one) => one.getText()).join(", ");
  const parameters = node.parameters.map(parameterText).join(", ");
  const result = node.type === undefined ? "" : `: ${oneLine(node.type.getText())}`;
  return `${name}${generics === undefined ? "" : `<${generics}>`}(${parameters})${result}`;
}

function parameterText({ name, type, initializer, questionToken, dotDotDotToken }: ParameterDeclaration): string {
  const optional = initializer !== undefined || questionToken !== undefined ? "?" : "";
  const rest = dotDotDotToken === undefined ? "" : "...";
  return `${rest}${name.getText()}${optional}: ${oneLine(type?.getText() ?? "unknown")}`;
}

/** A declaration without `export` and without the comments before it. */
function bare(text: string): string {
  return text
    .replace(/^export /, "")
    .replace(/;$/, "")
    .trim();
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

function docOf(node: Node): Doc {
  const { text } = node.getSourceFile();
  const comment = DOC_COMMENT.exec(text.slice(node.pos, node.getStart()))?.[1] ?? "";
  const [first = "", ...rest] = comment
    .replaceAll(/^[ \t]*\*(?: |$)/gm, "")
    .trim()
    .split(/^@(?=[a-z]+\b)/m);
  return { text: first.trim(), tags: rest.map(tagOf) };
}

function tagOf(part: string): { name: string; text: string } {
  const [, name = "", text = ""] = /^([a-z]+)\s*([^]*)$/.exec(part) ?? [];
  return { name, text: text.trim() };
}
