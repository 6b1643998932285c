/** Button of the preferences menu. The menu is loaded when the reader first moves the pointer or presses a key: the first page does not need it. */
import { SlidersHorizontal } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../components/button.tsx";
import { loadTexts } from "../i18n/i18n.ts";
import { firstInteraction } from "../lib/first-interaction.ts";

const PreferencesMenu = lazy(async () => {
  await firstInteraction();
  const [{ PreferencesMenu: component }] = await Promise.all([import("./preferences-menu.tsx"), loadTexts()]);
  return { default: component };
});

export function Preferences() {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const ask = (): void => setAsked(true);
  // The menu brings its own button. If it replaces this one in the middle of a click, there is no click event.
  const trigger = (
    <IconButton label={t("app.preferences")} aria-haspopup="menu" onClick={ask} onPointerDown={ask}>
      <SlidersHorizontal aria-hidden />
    </IconButton>
  );
  return (
    <Suspense fallback={trigger}>
      <PreferencesMenu trigger={trigger} defaultOpen={asked} />
    </Suspense>
  );
}
