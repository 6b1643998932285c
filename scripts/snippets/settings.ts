/** Names of settings in code. */
import { settings } from "../../packages/posthorn/src/config/settings.ts";
import type { Block } from "./blocks.ts";

/** Variables of the command line, and of tests and builds, which are not settings of a server. */
const OTHERS: ReadonlySet<string> = new Set([
  "POSTHORN_URL",
  "POSTHORN_TOKEN",
  "POSTHORN_PROFILE",
  // Of the compose files.
  "POSTHORN_HOST",
]);

const known = new Set<string>(Object.values(settings).map(({ name }) => name));

/** Names in a block that look like a setting but are not. The reason `shows-a-wrong-name` allows them. */
export function unknownSettings({ code, mark }: Block): readonly string[] {
  if (mark === "skip=shows-a-wrong-name") return [];
  const names = new Set([...code.matchAll(/\bPOSTHORN_[A-Z0-9_]+\b/g)].map(([name]) => name));
  return [...names].filter((name) => !known.has(name) && !OTHERS.has(name) && !name.startsWith("POSTHORN_TEST_"));
}
