/** Search over everything, with Ctrl-K. */
export const palette = {
  palette: {
    open: "Search",
    keys: "Ctrl K",
    title: "Search",
    placeholder: "Name, URL, ID or external ID",
    results: "Results",
    none: "Nothing found.",
    found_one: "{{count}} result",
    found_other: "{{count}} results",
    inMessages: "Search payloads for “{{query}}”",
    portal: "Create portal link",
    kinds: {
      message: "Message",
      application: "Application",
      endpoint: "Endpoint",
      source: "Source",
      event_type: "Event type",
      view: "View",
      page: "Page",
      action: "Action",
    },
  },
};
