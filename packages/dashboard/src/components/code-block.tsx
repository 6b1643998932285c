import { Copy } from "./copy.tsx";
import styles from "./code-block.module.css";

/** Code to be read and copied. What is too wide scrolls in its own frame, within reach of the keyboard. */
export function CodeBlock({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className={styles["block"]}>
      <div className={styles["code"]} tabIndex={0} role="region" aria-label={label}>
        <pre>{text}</pre>
      </div>
      <div className={styles["copy"]}>
        <Copy text={text} />
      </div>
    </div>
  );
}
