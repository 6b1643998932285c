/** Formats generated files, because committed ones must pass `oxfmt --check`. In this process: starting `oxfmt` for each page takes longer than all else. */
import { readFileSync } from "node:fs";
import { format, type FormatConfig } from "oxfmt";

const OPTIONS = JSON.parse(readFileSync(".oxfmtrc.json", "utf8")) as FormatConfig;

/** @param path Says by its extension which language the text is in. */
export async function formatted(path: string, text: string): Promise<string> {
  const { code, errors } = await format(path, text, OPTIONS);
  if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join("; ")}`);
  return code;
}
