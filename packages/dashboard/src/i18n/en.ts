/** English texts. Their keys define the type of all translations. */
import { first } from "./en/first.ts";
import { rest } from "./en/rest.ts";

export const en = { ...first, ...rest };
