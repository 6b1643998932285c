/** Fenced blocks of the published documents, and the rule that each of them is checked. */
import { globSync, readFileSync } from "node:fs";

/** A fenced block of a Markdown page. */
export interface Block {
  /** Path of the page from the root of the repository. */
  readonly file: string;
  readonly line: number;
  readonly language: string;
  /** Text after the language on the first line: `run`, `file=…`, `skip=…`, or nothing. */
  readonly mark: string;
  readonly code: string;
}

/** Published documents: everything in Markdown but the changelog and pending changesets, which have no code to paste. */
export function documents(root: string): readonly string[] {
  return globSync(["*.md", "docs/**/*.md", "{packages,bench,e2e,examples,deploy}/**/*.md"], {
    cwd: root,
    exclude: (path) => /node_modules|(?:^|\/)dist(?:\/|$)|CHANGELOG\.md|packages\/posthorn\/docs/.test(path),
  }).toSorted();
}

/** The blocks of a page, without the indentation of the list or quote around them. */
export function blocksOf(file: string, text: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly fence: string; readonly indent: string; readonly block: Omit<Block, "code"> } | null = null;
  let lines: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (open !== null) {
      const content = line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart();
      if (content.trim() === open.fence) {
        blocks.push({ ...open.block, code: lines.map((one) => `${one}\n`).join("") });
        open = null;
      } else lines.push(content);
      continue;
    }
    const start = /^([ >]*)(`{3,}|~{3,})([\w+-]*)(.*)$/.exec(line);
    if (start === null) continue;
    const [, indent = "", fence = "", language = "", mark = ""] = start;
    open = { fence, indent, block: { file, line: index + 1, language, mark: mark.trim() } };
    lines = [];
  }
  return blocks;
}

/** All blocks of all published documents, or of those whose path matches. */
export function allBlocks(root: string, pages = /./): readonly Block[] {
  return documents(root)
    .filter((file) => pages.test(file))
    .flatMap((file) => blocksOf(file, readFileSync(`${root}/${file}`, "utf8")));
}

/** Where to find a block in an editor. */
export function placeOf({ file, line }: Block): string {
  return `${file}:${line}`;
}
