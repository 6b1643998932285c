/** Output of commands. */

/** Prints one or more lines to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a note to standard error, so that scripts can use standard output as it is. */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** JSON without the control characters that JSON allows in strings and terminals interpret. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[\u007F-\u009F\u2028\u2029]/g,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** Prints rows in aligned columns; the first row is the header. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    print(
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!)))
        .join("  ")
        .trimEnd(),
    );
  }
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Formats a number of bytes with a unit. */
export function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]!}`;
}

/** A message in which only line breaks and tabs control the terminal: parts of it may come from outside. */
export function visible(message: string): string {
  return message.replaceAll(/[^\P{C}\n\t]/gu, "·");
}

const MAX_SHOWN = 60;

/** Shortens a text that comes from outside to one line. It may contain control characters, which terminals interpret. */
export function onOneLine(value: string): string {
  const line = value.replaceAll(/\p{C}/gu, "·");
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 1)}…` : line;
}
