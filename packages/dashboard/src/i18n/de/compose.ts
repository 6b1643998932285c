import type { compose as english } from "../en/compose.ts";

export const compose: typeof english = {
  compose: {
    title: "Nachricht veröffentlichen",
    lead: "Veröffentlicht eine Nachricht für diese Anwendung. Jeder passende Endpunkt erhält sie.",
    payload: "Inhalt (JSON)",
    fields: "Felder des Ereignistyps",
    fieldsHelp: "Änderungen erscheinen unten im JSON.",
    fieldsNot:
      "Das Formular kann dieses JSON nicht darstellen: Es ist kein Objekt oder enthält Zahlen, die das Formular verändern würde.",
    onlyJson: "bearbeiten Sie dies unten im JSON",
    required: "{{name}} (erforderlich)",
    unset: "Nicht gesetzt",
    item: "Element {{number}}",
    addItem: "Zu {{name}} hinzufügen",
    removeItem: "Element {{number}} von {{name}} entfernen",
    notNumber: "Geben Sie eine Zahl ein.",
    notInteger: "Geben Sie eine ganze Zahl ein.",
    notJson: "Der Inhalt ist kein gültiges JSON.",
    tagsHelp: "Trennen Sie Tags durch Kommas. Höchstens 5.",
    delay: "Zustellung",
    delays: { "0": "Sofort", "60": "In 1 Minute", "600": "In 10 Minuten", "3600": "In 1 Stunde", "86400": "In 1 Tag" },
    key: "Idempotenzschlüssel",
    keyHelp:
      "Wird mit demselben Schlüssel und Inhalt noch einmal veröffentlicht, geschieht nichts. Lassen Sie das Feld leer, um in jedem Fall zu veröffentlichen.",
  },
};
