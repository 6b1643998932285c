/** The code editor of the dashboard. */
import type { Locator } from "playwright-core";

/** The text in an editor. It renders only the lines in view, so this is for short texts. */
export async function codeOf(editor: Locator): Promise<string> {
  await loaded(editor);
  return (await editor.locator(".cm-line").allInnerTexts()).map((line) => (line === "\n" ? "" : line)).join("\n");
}

/** Waits until the editor has replaced the text field that is there while it loads. */
export async function loaded(editor: Locator): Promise<void> {
  await editor.locator(".cm-line").first().waitFor();
}
