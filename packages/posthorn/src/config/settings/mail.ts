/** Emails: received by sources, and sent to users. */
import { parseMailAddress, parseMailUrl } from "../mail.ts";
import { parseAddress, parseDomain, parseText } from "../parse.ts";
import { setting } from "../setting.ts";

export const mailSettings = {
  smtpListen: setting({
    name: "POSTHORN_SMTP_LISTEN",
    help: "Address and port at which emails for `email` sources are received, as host:port, such as 0.0.0.0:25. Empty: this node receives no emails. Requires POSTHORN_SMTP_DOMAIN and the npm package smtp-server.",
    default: "",
    parse: (text) => (text === "" ? null : parseAddress(text)),
  }),
  smtpDomain: setting({
    name: "POSTHORN_SMTP_DOMAIN",
    help: "Domain of the addresses of `email` sources, such as in.example.com. Its MX record must point to the nodes with POSTHORN_SMTP_LISTEN. Must be the same on all nodes. Empty: there are no such sources.",
    default: "",
    parse: parseDomain,
  }),
  smtpTlsCert: setting({
    name: "POSTHORN_SMTP_TLS_CERT",
    help: "File with the certificate chain for STARTTLS in PEM. It is read again when it changes. Empty: emails are received without encryption.",
    default: "",
    parse: parseText,
  }),
  smtpTlsKey: setting({
    name: "POSTHORN_SMTP_TLS_KEY",
    help: "File with the private key of POSTHORN_SMTP_TLS_CERT in PEM.",
    default: "",
    parse: parseText,
  }),
  mailUrl: setting({
    name: "POSTHORN_MAIL_URL",
    help: "Mail server for invitations and reset links: smtp://user:password@host (STARTTLS) or smtps:// (TLS). Empty: no email is sent, and links are shown to the administrator (docs/operations/users.md).",
    default: "",
    secret: true,
    parse: parseMailUrl,
  }),
  mailFrom: setting({
    name: "POSTHORN_MAIL_FROM",
    help: "Sender address of these emails, such as posthorn@example.com. The mail server must accept it.",
    default: "",
    parse: parseMailAddress,
  }),
} as const;
