/** Actions on several selected endpoints. */
export const bulk = {
  bulk: {
    title: "Selected endpoints",
    select: "Select",
    selectOne: "Select {{name}}",
    selected_one: "{{value}} selected",
    selected_other: "{{value}} selected",
    clear: "Clear selection",
    close: "Close",
    verbs: { pause: "Pause", resume: "Resume", enable: "Enable" },
    confirm: {
      pause_one: "Pause {{count}} endpoint?",
      pause_other: "Pause {{count}} endpoints?",
      resume_one: "Resume {{count}} endpoint?",
      resume_other: "Resume {{count}} endpoints?",
      enable_one: "Enable {{count}} endpoint?",
      enable_other: "Enable {{count}} endpoints?",
    },
    texts: {
      pause: "Their deliveries are put on hold until you resume them.",
      resume: "Deliveries on hold are sent, and open circuits are closed.",
      enable: "Deliveries on hold are sent, oldest first.",
    },
    progress: "{{done}} of {{count}}",
    done: "{{succeeded}} succeeded, {{failed}} failed.",
  },
};
