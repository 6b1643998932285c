import { Copy } from "./copy.tsx";
import styles from "./code-block.module.css";

/** Code with a copy button. Long lines scroll within the block. */
export function CodeBlock({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className={styles["block"]}>
      <div className={styles["code"]} tabIndex={0} role="group" aria-label={label}>
        <pre>{text}</pre>
      </div>
      <div className={styles["copy"]}>
        <Copy text={text} />
      </div>
    </div>
  );
}
