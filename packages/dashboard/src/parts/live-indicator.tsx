import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { reconnect } from "../live/live.ts";
import { useLiveState } from "../live/use-live.ts";
import styles from "./live-indicator.module.css";

/** Indicator of the live connection. */
export function LiveIndicator({ short = false }: { readonly short?: boolean }) {
  const { t } = useTranslation();
  const state = useLiveState();
  const text = t(`live.states.${state}`);
  return (
    <span className={styles["sign"]} role="status" title={text}>
      <span className={`${styles["dot"]} ${state === "off" ? "" : styles[state]}`} aria-hidden />
      <span className={short ? "visually-hidden" : ""}>{text}</span>
      {state === "broken" && !short && (
        <Button kind="quiet" small onClick={reconnect}>
          {t("live.reconnect")}
        </Button>
      )}
    </span>
  );
}
