/** Texts of the emails to users, in the languages of the dashboard. */
import type { Mail } from "./mailer.ts";

export const MAIL_LOCALES = ["en", "de"] as const;
export type MailLocale = (typeof MAIL_LOCALES)[number];

/** Languages of the emails to customers, which are those of the portal. */
export const CUSTOMER_LOCALES = [...MAIL_LOCALES, "fr", "es"] as const;
export type CustomerLocale = (typeof CUSTOMER_LOCALES)[number];

/** Returns the first of these languages that has texts, or else English. */
export function mailLocale(...wanted: readonly (string | null | undefined)[]): MailLocale {
  return wanted.flatMap((locale) => MAIL_LOCALES.filter((known) => known === locale))[0] ?? "en";
}

/** As {@link mailLocale}, for customers. */
export function customerLocale(wanted: string | null | undefined): CustomerLocale {
  return CUSTOMER_LOCALES.find((known) => known === wanted) ?? "en";
}

interface Linked {
  readonly to: string;
  readonly url: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** @param from Name of the person who invites; empty: unknown. @param organisation Its name; empty: it has none. */
export function invitationMail(
  locale: MailLocale,
  { to, url, expiresAt, from, organisation }: Linked & { readonly from: string; readonly organisation: string },
): Mail {
  const [who, where] = [plainName(from), plainName(organisation)];
  const until = dateIn(locale, expiresAt);
  if (locale === "de") {
    const place = where === "" ? "Posthorn" : `${where} in Posthorn`;
    const invited = who === "" ? `Sie wurden zu ${place} eingeladen` : `${who} hat Sie zu ${place} eingeladen`;
    return email(to, invited, [
      `${invited}. Öffnen Sie diesen Link, um die Einladung anzunehmen:`,
      url,
      `Der Link funktioniert einmal, bis ${until}. Wenn Sie diese E-Mail nicht erwartet haben, ignorieren Sie sie.`,
    ]);
  }
  const place = where === "" ? "Posthorn" : `${where} on Posthorn`;
  const invited = who === "" ? `You are invited to ${place}` : `${who} invited you to ${place}`;
  return email(to, invited, [
    `${invited}. Open this link to accept the invitation:`,
    url,
    `The link works once, until ${until}. If you did not expect this email, ignore it.`,
  ]);
}

/** The link for a new password. */
export function resetMail(locale: MailLocale, { to, url, expiresAt }: Linked): Mail {
  const until = dateIn(locale, expiresAt);
  if (locale === "de") {
    return email(to, "Neues Passwort für Posthorn", [
      "Öffnen Sie diesen Link, um ein neues Passwort für Posthorn zu setzen:",
      url,
      `Der Link funktioniert einmal, bis ${until}. Wenn Sie kein neues Passwort angefordert haben, ignorieren Sie diese E-Mail: Ihr Passwort bleibt unverändert.`,
    ]);
  }
  return email(to, "New password for Posthorn", [
    "Open this link to set a new password for Posthorn:",
    url,
    `The link works once, until ${until}. If you did not ask for a new password, ignore this email: your password stays the same.`,
  ]);
}

/** For a person who asked for a new password, but whose account has no password. */
export function noPasswordMail(locale: MailLocale, to: string): Mail {
  return locale === "de"
    ? email(to, "Anmeldung bei Posthorn", [
        "Sie haben ein neues Passwort für Posthorn angefordert, aber Ihr Konto hat kein Passwort.",
        "Melden Sie sich mit Ihrem Identitätsanbieter oder einem Passkey an. Wenn das nicht möglich ist, bitten Sie einen Administrator um Hilfe.",
      ])
    : email(to, "Signing in to Posthorn", [
        "You asked for a new password for Posthorn, but your account has no password.",
        "Sign in with your identity provider or a passkey. If you cannot, ask an administrator for help.",
      ]);
}

function email(to: string, subject: string, paragraphs: readonly string[]): Mail {
  return { to, subject, text: `${paragraphs.join("\n\n")}\n` };
}

const MAX_NAME = 60;

/**
 * Names are chosen by others. Returns one line without anything that mail programs turn into a link, so that a name cannot carry its own
 * message.
 */
export function plainName(name: string): string {
  return name
    .replaceAll(/[^\p{L}\p{M}\p{N} ,'’&()-]+/gu, " ")
    .replaceAll(/ +/g, " ")
    .trim()
    .slice(0, MAX_NAME);
}

/** The time zone of the reader is not known. */
function dateIn(locale: MailLocale, at: number): string {
  return new Intl.DateTimeFormat(locale === "de" ? "de-DE" : "en-GB", {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: "UTC",
  })
    .format(at)
    .concat(" UTC");
}
