import type { portalLook as english } from "../en/portal-look.ts";

export const portalLook: typeof english = {
  portalLook: {
    title: "Aussehen des Portals",
    lead: "Probieren Sie hier das Aussehen des Kundenportals aus. Es wird nichts gespeichert: Übernehmen Sie das Ergebnis in die Einstellungen des Servers oder in den Link eines Kunden.",
    name: "Produktname",
    logo: "Logo (https-URL)",
    colour: "Farbe",
    colourHelp: "Zum Beispiel #0a7d5c. Bei zu geringem Kontrast wird sie dunkler oder heller.",
    colourWrong: "Geben Sie eine Farbe als #rrggbb ein.",
    font: "Schriftfamilien",
    fontHelp: "Auf dem Gerät des Kunden installiert, durch Kommas getrennt.",
    theme: "Design",
    preview: "Vorschau",
    customer: "Name des Kunden",
    settings: "Für alle Portale: Einstellungen des Servers",
    link: "Für einen Link: „look“ von app-portal-access",
    none: "Nichts weicht von den Voreinstellungen ab.",
  },
};
