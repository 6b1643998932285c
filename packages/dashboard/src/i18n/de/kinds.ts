/**
 * German for what kinds of destinations and sources declare: summaries, labels, help and setup steps. The key is the English text, so that a changed
 * declaration needs a new translation; `packages/posthorn/test/kind-texts.test.ts` names what is missing or no longer used.
 */
import { brokers } from "./kinds/brokers.ts";
import { chat } from "./kinds/chat.ts";
import { clouds } from "./kinds/clouds.ts";
import { sourceBrokers } from "./kinds/source-brokers.ts";
import { sourceTables } from "./kinds/source-tables.ts";
import { sources } from "./kinds/sources.ts";

export { products } from "../kind-products.ts";

export const texts: Readonly<Record<string, string>> = {
  ...clouds,
  ...chat,
  ...brokers,
  ...sourceBrokers,
  ...sources,
  ...sourceTables,
};

/** English texts that need a different translation in one field, by `kind.field.label` or `kind.field.help`. */
export const places: Readonly<Record<string, string>> = {
  "smtp.subject.label": "Betreff",
  "telegram.topicId.label": "Thema",
  "eventBridge.source.label": "Source",
  "eventGrid.source.label": "Source",
};
