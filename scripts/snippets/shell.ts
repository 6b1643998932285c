/** Reads the commands of a shell script, as far as documents use the shell: words, quotes, substitutions, comments, here-documents. */

/** Placeholder for a value that the shell inserts. */
export const EXPANDED = "EXPANDED";

/** A command with its arguments. Substitutions within are replaced by {@link EXPANDED}; their commands are in the list as well. */
export type SimpleCommand = readonly string[];

/** All commands of a script, those of substitutions and functions included, without variable assignments in front. */
export function commandsOf(script: string): readonly SimpleCommand[] {
  const reader = new Reader(withoutHereDocuments(script));
  reader.readUntil(null);
  return reader.commands.map(withoutPrefix).filter((words) => words.length > 0);
}

/** Words after which a command begins. */
const KEYWORDS: ReadonlySet<string> = new Set(["if", "then", "else", "elif", "while", "do", "{", "!", "time", "exec"]);

function withoutPrefix(words: SimpleCommand): SimpleCommand {
  const first = words.findIndex((word) => !/^\w+\+?=/.test(word) && !KEYWORDS.has(word));
  return first === -1 ? [] : words.slice(first);
}

/** Removes the text of each here-document. */
function withoutHereDocuments(script: string): string {
  let end: string | null = null;
  const kept: string[] = [];
  for (const line of script.split("\n")) {
    if (end !== null) {
      if (line.trim() === end) end = null;
      continue;
    }
    end = /<<-?\s*["']?(\w+)["']?/.exec(line)?.[1] ?? null;
    kept.push(line.replace(/<<-?\s*["']?\w+["']?/, ""));
  }
  return kept.join("\n");
}

class Reader {
  readonly commands: string[][] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads commands up to the closing character, or to the end. */
  readUntil(closing: ")" | "`" | null): void {
    let words: string[] = [];
    let word: string | null = null;
    const endWord = (): void => {
      if (word !== null) words.push(word);
      word = null;
    };
    const endCommand = (): void => {
      endWord();
      if (words.length > 0) this.commands.push(words);
      words = [];
    };
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (char === closing) break;
      if (char === "#" && word === null) this.#skip(/[^\n]*/y);
      else if (char === "\\" && this.#text[this.#at + 1] === "\n") this.#at += 2;
      else if (/[ \t]/.test(char)) {
        endWord();
        this.#at++;
      } else if (/[<>]/.test(char) || (/^\d$/.test(word ?? "") && /[<>]/.test(char))) {
        if (word !== null && /^\d$/.test(word)) word = null;
        endWord();
        this.#redirect();
      } else if (/[\n;|&()]/.test(char)) {
        endCommand();
        this.#at++;
      } else word = (word ?? "") + this.#part(char);
    }
    endCommand();
    if (closing !== null) this.#at++;
  }

  /** Skips the operator and the target of a redirection. */
  #redirect(): void {
    this.#skip(/[<>]+(?:&\d|&-)?[ \t]*/y);
    while (this.#at < this.#text.length && !/[\s;|&()<>]/.test(this.#text[this.#at]!))
      this.#part(this.#text[this.#at]!);
  }

  /** A part of a word: a quoted text, a substitution, or a character. */
  #part(char: string): string {
    if (char === "'") return this.#skip(/'([^']*)'/y)[1] ?? "";
    if (char === '"') return this.#quoted();
    if (char === "$" || char === "`") return this.#expansion();
    if (char === "\\") {
      this.#at += 2;
      return this.#text[this.#at - 1] ?? "";
    }
    this.#at++;
    return char;
  }

  #quoted(): string {
    let text = "";
    this.#at++;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"') {
      const char = this.#text[this.#at]!;
      if (char === "\\") text += this.#skip(/\\(\n|.)/y)[1] ?? "";
      else if (char === "$" || char === "`") text += this.#expansion();
      else text += this.#text[this.#at++]!;
    }
    this.#at++;
    return text;
  }

  #expansion(): string {
    if (this.#text.startsWith("$(", this.#at) || this.#text[this.#at] === "`") {
      const closing = this.#text[this.#at] === "`" ? "`" : ")";
      this.#at += closing === ")" ? 2 : 1;
      this.readUntil(closing);
      return EXPANDED;
    }
    const variable = this.#skip(/\$(?:\{[^}]*\}|\w+|[?!@*#$])/y);
    if (variable.length > 0) return EXPANDED;
    this.#at++;
    return "$";
  }

  /** Moves past the match of the sticky expression at the current position. */
  #skip(expression: RegExp): readonly string[] {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text) ?? [];
    if (found.length === 0 && expression.source.startsWith("'")) throw new Error("a quote is not closed");
    this.#at += found[0]?.length ?? 0;
    return found;
  }
}
