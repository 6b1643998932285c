/** Button of the preferences menu. The menu is loaded after the first page, which does not need it. */
import { SlidersHorizontal } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../components/button.tsx";
import { loadTexts } from "../i18n/i18n.ts";
import { idle } from "../lib/idle.ts";

const PreferencesMenu = lazy(async () => {
  await idle();
  const [{ PreferencesMenu: component }] = await Promise.all([import("./preferences-menu.tsx"), loadTexts()]);
  return { default: component };
});

export function Preferences() {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const trigger = (
    <IconButton label={t("app.preferences")} aria-haspopup="menu" onClick={() => setAsked(true)}>
      <SlidersHorizontal aria-hidden />
    </IconButton>
  );
  return (
    <Suspense fallback={trigger}>
      <PreferencesMenu trigger={trigger} openAtOnce={asked} />
    </Suspense>
  );
}
