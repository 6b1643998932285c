/** Dialog that finds objects, pages and actions, by keyboard alone. A combobox with a list (ARIA Authoring Practices). */
import { Dialog } from "@base-ui/react/dialog";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type RefObject, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { ErrorText } from "../components/error-text.tsx";
import dialogStyles from "../components/dialog.module.css";
import { useDelayed } from "../components/use-delayed.ts";
import { type LinkItem, matchingItems, type PaletteItem, searchPages, toItem } from "../lib/palette.ts";
import { actionsOn, generalActions } from "../lib/palette-actions.ts";
import { PAGE_KEYS } from "../lib/shortcuts.ts";
import { useAudience } from "../session/audience.ts";
import styles from "./palette.module.css";

/** Delay between a keystroke and the search on the server. */
const WAIT_MS = 150;
const MAX_FOUND = 30;

interface PalettePanelProps {
  /** What was typed before the dialog was loaded. */
  readonly typed: RefObject<string>;
  readonly onClose: () => void;
}

export function PalettePanel({ typed, onClose }: PalettePanelProps) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogStyles["backdrop"]} data-backdrop />
        <Dialog.Popup className={styles["popup"]} aria-label={t("palette.title")}>
          <Results typed={typed} onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Results({ typed, onClose }: PalettePanelProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState(() => typed.current);
  const [place, setPlace] = useState(0);
  const { items, error, isLoading } = useItems(query.trim());
  const current = Math.min(place, items.length - 1);
  const press = (event: KeyboardEvent): void => {
    const last = items.length - 1;
    const next = { ArrowDown: current >= last ? 0 : current + 1, ArrowUp: current <= 0 ? last : current - 1 }[
      event.key
    ];
    const chosen = items[current];
    if (next !== undefined) {
      setPlace(next);
      list.current?.querySelectorAll("[role=option]")[next]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && chosen !== undefined) {
      onClose();
      if ("link" in chosen) void navigate(chosen.link);
      else pressLater(chosen.press);
    } else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        className={styles["input"]}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={current < 0 ? undefined : `${id}-${current}`}
        aria-label={t("palette.title")}
        placeholder={t("palette.placeholder")}
        autoComplete="off"
        spellCheck={false}
        autoFocus
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setPlace(0);
        }}
        onKeyDown={press}
      />
      <div ref={list} id={id} role="listbox" aria-label={t("palette.results")} className={styles["list"]}>
        {items.map((item, index) => (
          <Option
            key={item.key}
            id={`${id}-${index}`}
            item={item}
            isCurrent={index === current}
            onClose={onClose}
            onPoint={() => index !== current && setPlace(index)}
          />
        ))}
      </div>
      <p className={styles["status"]} role="status">
        {error !== null ? (
          <ErrorText error={error} />
        ) : isLoading ? (
          t("list.loading")
        ) : items.length === 0 ? (
          t("palette.none")
        ) : (
          t("palette.found", { count: items.length })
        )}
      </p>
    </>
  );
}

interface OptionProps {
  readonly id: string;
  readonly item: PaletteItem;
  readonly isCurrent: boolean;
  readonly onClose: () => void;
  readonly onPoint: () => void;
}

function Option({ id, item, isCurrent, onClose, onPoint }: OptionProps) {
  const { t } = useTranslation();
  const shared = {
    id,
    role: "option",
    "aria-selected": isCurrent,
    tabIndex: -1,
    className: styles["item"],
    onMouseMove: onPoint,
  } as const;
  const content = (
    <>
      <span className={styles["name"]}>{item.name}</span>
      <span className={styles["kind"]}>{t(`palette.kinds.${item.group}`)}</span>
      {item.detail !== null && <span className={styles["detail"]}>{item.detail}</span>}
    </>
  );
  if ("link" in item) {
    return (
      <Link {...shared} {...item.link} onClick={onClose}>
        {content}
      </Link>
    );
  }
  const press = (): void => {
    onClose();
    pressLater(item.press);
  };
  return (
    <button type="button" {...shared} onClick={press}>
      {content}
    </button>
  );
}

/** Presses a button of the page once the palette has closed and returned the focus. */
function pressLater(press: () => void): void {
  setTimeout(press);
}

/** The buttons next to the titles of the current page and of its cards. */
function pageActions(): readonly PaletteItem[] {
  const title = document.querySelector("main h1")?.textContent ?? "";
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("main [data-actions] button:not(:disabled)")];
  const named = new Map(
    buttons.flatMap((button) => {
      const name = button.textContent.trim();
      return name === "" ? [] : [[name, button] as const];
    }),
  );
  return [...named].map(([name, button]) => {
    return { key: `page action ${name}`, group: "action", name, detail: title, press: () => button.click() };
  });
}

/** Objects that the server finds, and the pages and actions that match. */
function useItems(query: string) {
  const { t } = useTranslation();
  const audience = useAudience();
  const asked = useDelayed(query, WAIT_MS);
  const search = useQuery({
    queryKey: ["search", asked],
    // Aborted by the next keystroke, or when the dialog closes.
    queryFn: ({ signal }) =>
      searchPages((iterator, limit) => {
        const page = { q: asked, limit, ...(iterator === null ? {} : { iterator }) };
        return must(api.GET("/api/v1/search", { params: { query: page }, signal }));
      }, MAX_FOUND),
    enabled: asked !== "",
    placeholderData: keepPreviousData,
  });
  const places = useMemo((): readonly PaletteItem[] => {
    const pages = PAGE_KEYS.map(({ name, to }): LinkItem => {
      return { key: `page ${name}`, group: "page", name: t(`nav.${name}`), detail: null, link: { to } };
    });
    const own = pageActions();
    const names = new Set(own.map(({ name }) => name));
    const general = generalActions(audience, t).filter(({ name }) => !names.has(name));
    return [...own, ...pages, ...general];
  }, [t, audience]);
  if (query === "") return { items: places, error: null, isLoading: false };
  const objects = search.data ?? [];
  const found = objects.map((one) => toItem(one, audience, t));
  const ofFirst = objects.slice(0, 1).flatMap((one) => actionsOn(one, audience, t));
  const isLoading = asked !== query || search.isPending;
  // Waits for the objects, because a quick Enter would otherwise choose this entry.
  const inPayloads: readonly PaletteItem[] =
    !isLoading && audience.may("payloads:read")
      ? [
          {
            key: "messages",
            group: "action",
            name: t("palette.inMessages", { query }),
            detail: null,
            link: { to: "/messages", search: { q: query } },
          },
        ]
      : [];
  const items = [...found, ...ofFirst, ...matchingItems(places, query), ...inPayloads];
  return { items, error: search.error, isLoading };
}
