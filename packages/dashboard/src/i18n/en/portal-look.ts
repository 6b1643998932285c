/** Preview of the appearance of the portal. */
export const portalLook = {
  portalLook: {
    title: "Appearance of the portal",
    lead: "Try the appearance of the customer portal here. Nothing is saved: copy the result into the settings of the server, or into the link of one customer.",
    name: "Product name",
    logo: "Logo (https URL)",
    colour: "Colour",
    colourHelp: "Such as #0a7d5c. It is darkened or lightened where its contrast is too low.",
    colourWrong: "Enter a colour as #rrggbb.",
    font: "Font families",
    fontHelp: "Installed on the customer’s device, separated by commas.",
    theme: "Theme",
    preview: "Preview",
    customer: "Name of the customer",
    settings: "For all portals: settings of the server",
    link: "For one link: “look” of app-portal-access",
    none: "Nothing differs from the defaults.",
  },
};
