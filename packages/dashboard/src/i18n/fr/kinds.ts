/** French for what kinds of destinations declare, which customers see in the portal. See `de/kinds.ts`; sources belong to the dashboard only. */
import { brokers } from "./kinds/brokers.ts";
import { chat } from "./kinds/chat.ts";
import { clouds } from "./kinds/clouds.ts";

export { products } from "../kind-products.ts";

export const texts: Readonly<Record<string, string>> = { ...clouds, ...chat, ...brokers };

/** English texts that need a different translation in one field, by `kind.field.label` or `kind.field.help`. */
export const places: Readonly<Record<string, string>> = {
  "smtp.subject.label": "Objet",
  "telegram.topicId.label": "Sujet",
};
