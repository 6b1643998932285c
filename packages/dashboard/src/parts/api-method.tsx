import styles from "./api-operation.module.css";

/** The method of an operation, each in its own colour. */
export function Method({ method }: { readonly method: string }) {
  return (
    <span className={styles["method"]} data-method={method}>
      {method}
    </span>
  );
}
