import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { TextField } from "../components/form.tsx";
import { RichText } from "../components/rich-text.tsx";
import { ServerSentence } from "../components/server-sentence.tsx";
import { groupedKinds, matchingKinds } from "../lib/destination-config.ts";
import type { FormKind } from "../lib/kind-texts.ts";
import { serverText } from "../lib/server-text.ts";
import { useAudience } from "../session/audience.ts";
import { DestinationMark } from "./destination-mark.tsx";
import styles from "./destination.module.css";

/** The properties of a kind that the picker shows. */
export type PickedKind = Pick<FormKind, "kind" | "title" | "summary" | "group" | "available" | "problem" | "searched">;

export interface DestinationPickerProps {
  readonly kinds: readonly PickedKind[];
  /** Whether texts and groups are those of destinations or of sources. */
  readonly of?: "destinations" | "sourceKinds";
  readonly value: string;
  readonly onChange: (kind: string) => void;
}

/** Shows the chosen kind, and on request a list of all kinds that can be searched. */
export function DestinationPicker({ kinds, of = "destinations", value, onChange }: DestinationPickerProps) {
  const { t } = useTranslation();
  const isPortal = useAudience().kind === "portal";
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const id = useId();
  const chosen = kinds.find(({ kind }) => kind === value);
  if (chosen === undefined) return null;
  const close = (): void => {
    setOpen(false);
    toggle.current?.focus();
  };
  return (
    <div className={styles["fields"]}>
      <div className={styles["chosen"]}>
        <DestinationMark {...chosen} of={of} />
        <span className={styles["about"]}>
          <span className={styles["name"]}>{chosen.title}</span>
          <span className={styles["summary"]}>
            <RichText {...chosen.summary} />
          </span>
        </span>
        <Button ref={toggle} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          {t(open ? `${of}.close` : `${of}.choose`)}
        </Button>
      </div>
      <div id={id} hidden={!open}>
        {open && (
          <Kinds
            kinds={kinds.filter((one) => isShown(one, isPortal))}
            of={of}
            value={value}
            onChange={onChange}
            onClose={close}
          />
        )}
      </div>
    </div>
  );
}

/** Destinations that need Posthorn on the customer's side. */
const WITH_POSTHORN: ReadonlySet<string> = new Set(["posthorn", "relay"]);

/** Kinds that the operator does not allow are not offered, nor to customers those that name Posthorn, or that only subscribers create. */
function isShown({ kind, problem }: PickedKind, isPortal: boolean): boolean {
  if (problem?.code === "kind_not_allowed") return false;
  return !isPortal || (problem?.code !== "kind_subscribed" && !WITH_POSTHORN.has(kind));
}

interface KindsProps extends Required<DestinationPickerProps> {
  readonly onClose: () => void;
}

function Kinds({ kinds, of, value, onChange, onClose }: KindsProps) {
  const { t } = useTranslation();
  const [query, setQuery] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const groupName = (group: string): string => t(`${of}.groups.${group}` as never, { defaultValue: group });
  const found = matchingKinds(kinds, query, groupName);
  const choose = (kind: string): void => {
    onChange(kind);
    onClose();
  };
  const keyInSearch = (event: KeyboardEvent): void => {
    const first = found.find(({ available }) => available);
    // Enter would submit the form around the picker.
    if (event.key === "Enter") {
      event.preventDefault();
      if (first !== undefined) choose(first.kind);
    }
    if (event.key === "ArrowDown") {
      event.preventDefault();
      const radios = [...(list.current?.querySelectorAll<HTMLInputElement>("input:enabled") ?? [])];
      (radios.find(({ checked }) => checked) ?? radios[0])?.focus();
    }
  };
  return (
    <div className={styles["fields"]}>
      <TextField
        name="destination.search"
        label={t(`${of}.search`)}
        help={t(`${of}.searchHelp`)}
        autoFocus
        onValue={setQuery}
        onKeyDown={keyInSearch}
      />
      <p className="visually-hidden" role="status">
        {t(`${of}.found`, { count: found.length })}
      </p>
      {/* Scrollable regions must be reachable by keyboard. */}
      <div ref={list} className={styles["list"]} role="group" tabIndex={0} aria-label={t(`${of}.list`)}>
        {groupedKinds(found).map(([group, members]) => (
          <fieldset key={group} className={styles["group"]}>
            <legend>{groupName(group)}</legend>
            {members.map((kind) => (
              <KindChoice
                key={kind.kind}
                kind={kind}
                of={of}
                checked={kind.kind === value}
                onChange={onChange}
                onChoose={choose}
              />
            ))}
          </fieldset>
        ))}
        {found.length === 0 && <p className="muted">{t(`${of}.none`)}</p>}
      </div>
    </div>
  );
}

interface KindChoiceProps {
  readonly kind: PickedKind;
  readonly of: KindsProps["of"];
  readonly checked: boolean;
  /** Chosen with the arrow keys, so the list stays open. */
  readonly onChange: (kind: string) => void;
  readonly onChoose: (kind: string) => void;
}

function KindChoice({ kind: { kind, title, summary, group, available, problem }, ...props }: KindChoiceProps) {
  const id = useId();
  return (
    <label className={styles["kind"]}>
      <input
        type="radio"
        name="destination.kind"
        value={kind}
        checked={props.checked}
        disabled={!available}
        aria-describedby={id}
        aria-label={title}
        onChange={() => props.onChange(kind)}
        // Arrow keys also cause click events, whose `detail` is 0.
        onClick={({ detail }) => detail > 0 && props.onChoose(kind)}
        onKeyDown={(event) => {
          // Enter would submit the form around the picker.
          if (event.key !== "Enter") return;
          event.preventDefault();
          props.onChoose(kind);
        }}
      />
      <DestinationMark kind={kind} group={group} title={title} of={props.of} />
      <span className={styles["about"]}>
        <span className={styles["name"]}>{title}</span>
        <span className={styles["summary"]} id={id}>
          {problem === null ? <RichText {...summary} /> : <Problem problem={problem} />}
        </span>
      </span>
    </label>
  );
}

/** Why a kind is not available. Customers cannot install packages, so they see no details. */
function Problem({ problem: { code, message } }: { readonly problem: NonNullable<PickedKind["problem"]> }) {
  const { t, i18n } = useTranslation();
  const { kind } = useAudience();
  if (kind === "portal") return t("destinations.unavailable");
  return <ServerSentence {...serverText(i18n, "kind", code, message)} />;
}
