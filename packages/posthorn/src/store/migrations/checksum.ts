/** Checksums of migrations: of the statements that a database runs, whatever their layout and comments. */
import { createHash } from "node:crypto";

/**
 * The tokens that SQL is made of, in the order in which they are tried: white space and comments, dollar-quoted bodies, quoted text and
 * names, words and numbers, operators, and single characters for everything else. An operator ends where a comment begins.
 */
const TOKEN =
  /(?<gap>\s+|--[^\n]*|\/\*[^]*?\*\/)|(?<tag>\$\w*\$)(?<body>[^]*?)\k<tag>|'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w$]+|(?:(?!--|\/\*)[-+*/<>=~!@#%^&|?:])+|[^]/gu;

/** The statements of a migration without comments and with one form of white space. A function body counts as statements too. */
export function normalizeSql(sql: string): string {
  const statements: string[][] = [[]];
  for (const { 0: token, groups } of sql.matchAll(TOKEN)) {
    if (groups?.["gap"] !== undefined) continue;
    if (token === ";") statements.push([]);
    else statements.at(-1)!.push(groups?.["tag"] === undefined ? token : `$$ ${normalizeSql(groups["body"]!)} $$`);
  }
  return statements
    .filter((tokens) => tokens.length > 0)
    .map((tokens) => `${tokens.join(" ")};`)
    .join("\n");
}

/** SHA-256 of the normalized statements, in hexadecimal digits. */
export function checksumOf(sql: string): string {
  return createHash("sha256").update(normalizeSql(sql)).digest("hex");
}
