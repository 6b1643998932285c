import { useCaller } from "../session/use-caller.ts";
import styles from "./shell.module.css";

/** Host of this server and name of its environment, so that readers do not change the wrong one. */
export function ServerName() {
  const environment = useCaller()?.environment ?? null;
  return (
    <p className={styles["server"]}>
      {environment !== null && <strong>{environment}</strong>}
      <span title={location.host}>{location.host}</span>
    </p>
  );
}
