/**
 * Formats generated files, because committed files must pass `oxfmt --check`. It runs in this process, because starting `oxfmt` for each
 * page would take longer than everything else.
 */
import { readFileSync } from "node:fs";
import { format, type FormatConfig } from "oxfmt";

const OPTIONS = JSON.parse(readFileSync(".oxfmtrc.json", "utf8")) as FormatConfig;

/** @param path Its extension determines the language of the text. */
export async function formatted(path: string, text: string): Promise<string> {
  const { code, errors } = await format(path, text, OPTIONS);
  if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join("; ")}`);
  return code;
}
