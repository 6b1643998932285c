/** Checksums of migrations. They cover the statements that a database runs, independent of their layout and comments. */
import { createHash } from "node:crypto";

/**
 * Tokens of SQL, in the order in which they are tried: white space and comments, dollar-quoted bodies, quoted text and names, words and
 * numbers, operators, and single characters for everything else. An operator ends where a comment begins.
 */
const TOKEN =
  /(?<gap>\s+|--[^\n]*|\/\*[^]*?\*\/)|(?<tag>\$\w*\$)(?<body>[^]*?)\k<tag>|'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w$]+|(?:(?!--|\/\*)[-+*/<>=~!@#%^&|?:])+|[^]/gu;

/** Returns the statements of a migration without comments and with uniform white space, including those in function bodies. */
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

/** Returns the SHA-256 of the normalized statements, in hexadecimal digits. */
export function checksumOf(sql: string): string {
  return createHash("sha256").update(normalizeSql(sql)).digest("hex");
}
