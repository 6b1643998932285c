/** The pages behind the links in emails about alerts. They need no session: the token in the URL is the permission. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AlertRecipient } from "../../domain/alert-recipient/recipient.ts";
import {
  confirmAddress,
  findSubscribed,
  findUnconfirmed,
  unsubscribe,
} from "../../domain/alert-recipient/subscription.ts";
import type { Services } from "../../domain/context.ts";
import { type CustomerLocale, customerLocale } from "../../domain/mail/emails.ts";
import { escapeHtml } from "../../lib/html.ts";
import { type PublicPage, sendPublicPage } from "../public-page.ts";

/** Requests of one address in a minute. Tokens have 256 bits: the limit bounds the load, not the chance of a guess. */
const PER_MINUTE = 60;
const MAX_BODY_BYTES = 16_384;

interface Action {
  readonly name: "confirm" | "unsubscribe";
  readonly find: (services: Services, token: string) => Promise<AlertRecipient | null>;
  readonly act: (services: Services, token: string) => Promise<boolean>;
}

const ACTIONS: readonly Action[] = [
  { name: "confirm", find: findUnconfirmed, act: confirmAddress },
  { name: "unsubscribe", find: findSubscribed, act: unsubscribe },
];

type TokenRequest = FastifyRequest<{ readonly Params: { readonly token: string } }>;

/**
 * Opening a link only shows a button, because mail programs and scanners open links by themselves. Mail programs that unsubscribe in one click
 * send the POST without showing the page (RFC 8058).
 */
export function registerAlertPages(app: FastifyInstance, services: Services): void {
  const limiter = services.rateLimits.limiter("alert pages", PER_MINUTE);
  for (const { name, find, act } of ACTIONS) {
    const url = `/alerts/${name}/:token`;
    const guarded =
      (handle: (request: TokenRequest, texts: Texts) => Promise<readonly [number, PublicPage]>) =>
      async (request: TokenRequest, response: FastifyReply): Promise<FastifyReply> => {
        const texts = TEXTS[languageOf(request)];
        if (!limiter.take(request.ip)) {
          return sendPublicPage(response.header("retry-after", "60"), 429, pageOf(texts, texts.busy));
        }
        return sendPublicPage(response, ...(await handle(request, texts)));
      };
    app.route({
      method: "GET",
      url,
      handler: guarded(async ({ params }, texts) => {
        const recipient = await find(services, params.token);
        const email = recipient?.email ?? null;
        if (email === null) return [404, pageOf(texts, texts.gone)];
        const { title, text, button } = texts[name].ask;
        const form = `<form method="post"><p><button>${escapeHtml(button)}</button></p></form>`;
        return [200, { ...pageOf(texts, { title, text: text(email) }, form), hasForm: true }];
      }),
    });
    app.route({
      method: "POST",
      url,
      config: { ignoresBody: true },
      bodyLimit: MAX_BODY_BYTES,
      handler: guarded(async ({ params }, texts) =>
        (await act(services, params.token)) ? [200, pageOf(texts, texts[name].done)] : [404, pageOf(texts, texts.gone)],
      ),
    });
  }
}

function languageOf({ headers }: FastifyRequest): CustomerLocale {
  return customerLocale(/^\s*([a-z]{2})/i.exec(headers["accept-language"] ?? "")?.[1]?.toLowerCase());
}

interface Section {
  readonly title: string;
  readonly text: string;
}

function pageOf({ language }: Texts, { title, text }: Section, more = ""): PublicPage {
  return { language, title, body: `<section><p>${escapeHtml(text)}</p>${more}</section>` };
}

interface Step {
  readonly ask: { readonly title: string; readonly text: (email: string) => string; readonly button: string };
  readonly done: Section;
}

interface Texts extends Readonly<Record<Action["name"], Step>> {
  readonly language: CustomerLocale;
  readonly gone: Section;
  readonly busy: Section;
}

const TEXTS: Readonly<Record<CustomerLocale, Texts>> = {
  en: {
    language: "en",
    confirm: {
      ask: {
        title: "Confirm your email address",
        text: (email) => `Alerts about webhook endpoints will be sent to ${email}.`,
        button: "Confirm address",
      },
      done: {
        title: "Address confirmed",
        text: "You will get alerts when an endpoint fails. Each email has a link to unsubscribe.",
      },
    },
    unsubscribe: {
      ask: {
        title: "Unsubscribe from alerts",
        text: (email) => `${email} will get no more alerts about these webhook endpoints.`,
        button: "Unsubscribe",
      },
      done: { title: "Unsubscribed", text: "You will get no more alerts about these webhook endpoints." },
    },
    gone: {
      title: "This link does not work",
      text: "It has expired, was used already, or is incomplete. If you unsubscribed, there is nothing left to do.",
    },
    busy: { title: "Too many requests", text: "Try again in a minute." },
  },
  de: {
    language: "de",
    confirm: {
      ask: {
        title: "E-Mail-Adresse bestätigen",
        text: (email) => `Warnungen zu Webhook-Endpunkten werden an ${email} gesendet.`,
        button: "Adresse bestätigen",
      },
      done: {
        title: "Adresse bestätigt",
        text: "Sie erhalten Warnungen, wenn ein Endpunkt ausfällt. Jede E-Mail enthält einen Link zum Abbestellen.",
      },
    },
    unsubscribe: {
      ask: {
        title: "Warnungen abbestellen",
        text: (email) => `${email} erhält keine Warnungen zu diesen Webhook-Endpunkten mehr.`,
        button: "Abbestellen",
      },
      done: { title: "Abbestellt", text: "Sie erhalten keine Warnungen zu diesen Webhook-Endpunkten mehr." },
    },
    gone: {
      title: "Dieser Link funktioniert nicht",
      text: "Er ist abgelaufen, wurde bereits verwendet oder ist unvollständig. Wenn Sie die Warnungen abbestellt haben, müssen Sie nichts weiter tun.",
    },
    busy: { title: "Zu viele Anfragen", text: "Versuchen Sie es in einer Minute erneut." },
  },
  fr: {
    language: "fr",
    confirm: {
      ask: {
        title: "Confirmer votre adresse e-mail",
        text: (email) => `Les alertes sur les points de terminaison webhook seront envoyées à ${email}.`,
        button: "Confirmer l’adresse",
      },
      done: {
        title: "Adresse confirmée",
        text: "Vous recevrez une alerte lorsqu’un point de terminaison échoue. Chaque e-mail contient un lien de désabonnement.",
      },
    },
    unsubscribe: {
      ask: {
        title: "Se désabonner des alertes",
        text: (email) => `${email} ne recevra plus d’alertes sur ces points de terminaison webhook.`,
        button: "Se désabonner",
      },
      done: {
        title: "Désabonnement effectué",
        text: "Vous ne recevrez plus d’alertes sur ces points de terminaison webhook.",
      },
    },
    gone: {
      title: "Ce lien ne fonctionne pas",
      text: "Il a expiré, a déjà été utilisé ou est incomplet. Si vous vous êtes désabonné, vous n’avez plus rien à faire.",
    },
    busy: { title: "Trop de requêtes", text: "Réessayez dans une minute." },
  },
  es: {
    language: "es",
    confirm: {
      ask: {
        title: "Confirmar su dirección de correo",
        text: (email) => `Las alertas sobre los endpoints de webhooks se enviarán a ${email}.`,
        button: "Confirmar la dirección",
      },
      done: {
        title: "Dirección confirmada",
        text: "Recibirá una alerta cuando falle un endpoint. Cada correo contiene un enlace para darse de baja.",
      },
    },
    unsubscribe: {
      ask: {
        title: "Dejar de recibir alertas",
        text: (email) => `${email} no recibirá más alertas sobre estos endpoints de webhooks.`,
        button: "Darse de baja",
      },
      done: { title: "Baja confirmada", text: "No recibirá más alertas sobre estos endpoints de webhooks." },
    },
    gone: {
      title: "Este enlace no funciona",
      text: "Ha caducado, ya se ha utilizado o está incompleto. Si se ha dado de baja, no tiene que hacer nada más.",
    },
    busy: { title: "Demasiadas solicitudes", text: "Vuelva a intentarlo dentro de un minuto." },
  },
};
