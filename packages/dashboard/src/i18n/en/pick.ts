/** Fields that choose objects by name. */
export const pick = {
  pick: {
    none: "No match",
    found_one: "{{count}} option",
    found_other: "{{count}} options",
    unknown: "No object has this ID or external ID.",
    remove: "Remove {{name}}",
    placeholder: "Name or ID",
  },
};
