import type { flow as english } from "../en/flow.ts";

export const flow: typeof english = {
  flow: {
    title: "Zustellungen jetzt",
    states: {
      active: "An",
      disabled: "Aus",
      unverified: "Nicht bestätigt",
      paused: "Angehalten",
      open: "In Ruhe gelassen",
      half_open: "Wird versucht",
      recovering: "Kommt zurück",
    },
    texts: {
      active: "Zustellungen gehen hinaus, wie sie kommen.",
      disabled: "Er ist aus. Was ihm zusteht, wird zurückgehalten und verbraucht keinen Versuch.",
      unverified: "Er hat nicht bestätigt, dass er Zustellungen will. Was ihm zusteht, wird zurückgehalten.",
      paused: "Er ist angehalten, bis jemand ihn fortsetzt. Was ihm zusteht, wird zurückgehalten.",
      open: "Er wird eine Weile in Ruhe gelassen. Was ihm zusteht, wird zurückgehalten.",
      half_open: "Ein Versuch ist unterwegs und entscheidet, ob er wieder da ist.",
      recovering: "Er ist wieder da und bekommt von Sekunde zu Sekunde mehr.",
    },
    reasons: {
      gone: "Der Endpunkt hat mit 410 Gone geantwortet und wurde deshalb von Posthorn deaktiviert. Seine Zustellungen werden zurückgehalten. Korrigieren Sie die URL oder den Empfänger und aktivieren Sie ihn wieder.",
      failures:
        "Er scheiterte nur noch und wird in Ruhe gelassen. Was ihm zusteht, wird zurückgehalten und verbraucht keinen Versuch.",
      asked_to_wait:
        "Er hat mit seiner Antwort gebeten, eine Weile in Ruhe gelassen zu werden. Was ihm zusteht, wird zurückgehalten.",
      failing_before_restart:
        "Er scheiterte, bevor dieser Server startete: vor allen anderen wird ein Versuch gemacht.",
    },
    pausedUntil: "Er ist angehalten bis",
    since: "Seit",
    nextProbe: "Nächster Versuch",
    failing: "Scheitert",
    switchedOff: "Abschaltung",
    certificate: "Zertifikat läuft ab",
    inFlight: "Unterwegs",
    of: "{{now}} von {{max}}",
    due: "Warten, bis sie dran sind",
    held: "Zurückgehalten",
    oldest: "Die älteste fällig",
    later: "Später fällig",
    rate: "Versuche je Sekunde, höchstens",
    recent: "Antworten zuletzt in",
    tryNow: "Jetzt versuchen",
    pause: "Anhalten",
    resume: "Fortsetzen",
    blockers: "Aufgehalten von einem Fehlschlag",
    blockersText:
      "Hier geht alles der Reihe nach hinaus. Die dahinter warten auf diese, bis jede gelingt oder übergangen wird.",
    key: "Ordnungsschlüssel",
    wholeEndpoint: "der ganze Endpunkt",
    behind: "Warten darauf",
    next: "Nächster Versuch",
    passAt: "Übergangen",
    unblock: "Andere vorbeilassen",
  },
};
