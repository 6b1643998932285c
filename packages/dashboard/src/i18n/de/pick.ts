import type { pick as english } from "../en/pick.ts";

/** Fields that choose objects by name. */
export const pick: typeof english = {
  pick: {
    none: "Kein Treffer",
    found_one: "{{count}} Auswahlmöglichkeit",
    found_other: "{{count}} Auswahlmöglichkeiten",
    unknown: "Nichts hat diese ID oder externe ID.",
    remove: "{{name}} entfernen",
    placeholder: "Name oder ID",
  },
};
