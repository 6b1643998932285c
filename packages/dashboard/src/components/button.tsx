import type { ComponentProps, ReactNode } from "react";
import { Allowed, type Needs } from "./allowed.tsx";
import styles from "./button.module.css";

export type ButtonKind = "plain" | "primary" | "danger" | "quiet";

export interface ButtonProps extends ComponentProps<"button">, Needs {
  readonly kind?: ButtonKind;
  readonly small?: boolean;
}

export function buttonClass(kind: ButtonKind = "plain", small = false): string {
  return [styles["button"], kind === "plain" ? "" : styles[kind], small ? styles["small"] : ""]
    .filter((name) => name !== "")
    .join(" ");
}

/** Button whose `type` defaults to "button", so that it does not submit forms by accident. */
export function Button({ needs, needsIn, ...props }: ButtonProps) {
  if (needs === undefined) return <PlainButton {...props} />;
  return (
    <Allowed to={needs} app={needsIn}>
      <PlainButton {...props} />
    </Allowed>
  );
}

function PlainButton({
  kind = "plain",
  small = false,
  type = "button",
  className,
  ...rest
}: Omit<ButtonProps, keyof Needs>) {
  return <button type={type} className={`${buttonClass(kind, small)} ${className ?? ""}`} {...rest} />;
}

/** Button with an icon only. Its label is the accessible name and the tooltip. */
export function IconButton({
  label,
  children,
  kind = "quiet",
  small = false,
  type = "button",
  ...rest
}: Omit<ButtonProps, keyof Needs> & { readonly label: string; readonly children: ReactNode }) {
  return (
    <button
      type={type}
      className={`${buttonClass(kind, small)} ${styles["icon"]}`}
      aria-label={label}
      title={label}
      {...rest}
    >
      {children}
    </button>
  );
}
