/**
 * Declarations of a published package that contains its dependencies: its own files and those of the dependencies that they refer to, as
 * they are, except that packages are imported by relative paths.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** In a declaration: a comment, which may contain an example, or `from "…"`, `import("…")` and `import "…"`. */
const IMPORT = /\/\*[^]*?\*\/|((?:\bfrom|\bimport)\s*\(?\s*)(["'])([\w@.:/-]+)\2/g;

/** Packages whose types appear only in signatures that are not exported. Their declarations would be most of the files. */
const OPAQUE: Readonly<Record<string, string>> = {
  fastify: ["FastifyBaseLogger", "FastifyInstance", "FastifyReply", "FastifyRequest"]
    .map((name) => `export type ${name} = object;\n`)
    .join(""),
  pino: "export type Logger = object;\n",
};

type Conditions = string | null | { readonly [condition: string]: Conditions };

/**
 * @param entries Declarations of the modules that programs import.
 * @param root Folder of the package's own declarations.
 * @param modules `node_modules` with its dependencies.
 * @param target Folder to write to. Files keep their paths relative to `root`; those of dependencies are in `vendor`.
 */
export function copyTypes(entries: readonly string[], root: string, modules: string, target: string): void {
  const copied = new Set<string>();
  const copy = (file: string): string => {
    const to = placeOf(file, root, modules, target);
    if (copied.has(file)) return to;
    copied.add(file);
    const text = readFileSync(file, "utf8").replace(IMPORT, (whole, ...groups: (string | undefined)[]) => {
      const [before, quote, name] = groups;
      if (name === undefined || name.startsWith("node:")) return whole;
      const found = name.startsWith(".") ? copy(declarationOf(join(dirname(file), name))) : vendor(name);
      return `${before}${quote}${specifierOf(to, found)}${quote}`;
    });
    write(to, text.replace(/^\/\/# sourceMappingURL=.*$/gm, ""));
    return to;
  };
  const vendor = (name: string): string => {
    const opaque = OPAQUE[name];
    if (opaque === undefined) return copy(exportedTypes(modules, name));
    const to = join(target, "vendor", `${name}.d.ts`);
    write(to, opaque);
    return to;
  };
  for (const entry of entries) copy(entry);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function placeOf(file: string, root: string, modules: string, target: string): string {
  const own = relative(root, file);
  return own.startsWith("..") ? join(target, "vendor", relative(modules, file)) : join(target, own);
}

/** Relative path by which a declaration imports another, with the extension of a script. */
function specifierOf(from: string, to: string): string {
  const path = relative(dirname(from), to).replace(/\.d\.(m?)ts$/, ".$1js");
  return path.startsWith(".") ? path : `./${path}`;
}

/** @param path Of a script, or of its declaration, as an import names it. */
function declarationOf(path: string): string {
  const candidates = [path, path.replace(/\.(m?)[jt]s$/, ".d.$1ts"), `${path}.d.ts`, join(path, "index.d.ts")];
  const found = candidates.find((file) => /\.d\.m?ts$/.test(file) && existsSync(file));
  if (found === undefined) throw new Error(`There is no declaration for ${path}.`);
  return found;
}

function exportedTypes(modules: string, specifier: string): string {
  const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)!;
  const folder = join(modules, name);
  const { exports, types = "index.d.ts" } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly exports?: { readonly [path: string]: Conditions };
    readonly types?: string;
  };
  const exported = exports?.[`.${specifier.slice(name.length)}`] ?? types;
  return declarationOf(join(folder, pathIn(exported, specifier)));
}

/** What a TypeScript program finds: the conditions `types`, `import` and `default`. */
function pathIn(conditions: Conditions, specifier: string): string {
  if (typeof conditions === "string") return conditions;
  const next = conditions?.["types"] ?? conditions?.["import"] ?? conditions?.["default"];
  if (next === undefined) throw new Error(`${specifier} exports no declarations.`);
  return pathIn(next, specifier);
}
