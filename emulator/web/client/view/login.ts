// The way in: people to log in as by one click where a demo offers them, and the form for everybody else.
import { type ComponentChild, h, type InputHTMLAttributes } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Page } from "../page.ts";
import { logIn } from "../person.ts";
import { listOf, textOf } from "../wire.ts";
import { Avatar } from "./parts.ts";

interface Offer {
  readonly username: string;
  readonly name: string;
  readonly password: string;
}

export function LoginView({ page }: { page: Page }): ComponentChild {
  const [offers, setOffers] = useState<readonly Offer[]>([]);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    if (page.offers.includes("people")) void readOffers().then(setOffers);
  }, []);
  const enter = (server: string, user: string, password: string) => {
    setTrouble("");
    // The page's own rules bind it to one server; for another one it is opened anew.
    if (server !== page.server) return openFor(server);
    return logIn(server, user, password).then(page.add, (error: unknown) =>
      setTrouble(error instanceof Error ? error.message : String(error)),
    );
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const form = new FormData(event.currentTarget);
    const [server = "", user = "", password = ""] = ["server", "user", "password"].map((name) =>
      String(form.get(name)),
    );
    void enter(server.replace(/\/+$/, ""), user, password);
  };
  const shown = offers.filter(
    ({ username }) => !page.people.some(({ account }) => account.username === username),
  );
  return h(
    "main",
    { class: "login" },
    h("h1", null, "Rocket.Chat"),
    page.server === location.origin &&
      h("p", { class: "hint" }, "A stand-in to try the plugin on, not a real server."),
    shown.length > 0 &&
      h(OfferList, {
        offers: shown,
        onChoose: ({ username, password }) => void enter(page.server, username, password),
      }),
    h(
      "form",
      { onSubmit: submit },
      shown.length > 0 && h("p", null, "or log in"),
      field("Server", { name: "server", type: "url", value: page.server, autocomplete: "url" }),
      field("User", { name: "user", autocomplete: "username" }),
      field("Password", { name: "password", type: "password", autocomplete: "current-password" }),
      h("p", { class: "trouble", role: "alert" }, trouble),
      h("button", { class: "primary" }, "Log in"),
      page.people[0] &&
        h(
          "button",
          { type: "button", onClick: () => page.go({ username: page.people[0]?.account.username ?? "" }) },
          "Back",
        ),
    ),
  );
}

function OfferList({
  offers,
  onChoose,
}: {
  offers: readonly Offer[];
  onChoose: (offer: Offer) => void;
}): ComponentChild {
  return h(
    "section",
    { "aria-label": "People of this demo" },
    h("p", null, "Chat as"),
    offers.map((offer) =>
      h(
        "button",
        { type: "button", class: "person-offer", onClick: () => onChoose(offer) },
        h(Avatar, { name: offer.username }),
        h("span", null, offer.name, h("small", null, `@${offer.username}`)),
      ),
    ),
  );
}

function field(label: string, attributes: InputHTMLAttributes<HTMLInputElement>): ComponentChild {
  return h("label", null, label, h("input", { required: true, ...attributes }));
}

function openFor(server: string): void {
  location.search = `?server=${encodeURIComponent(server)}`;
}

async function readOffers(): Promise<Offer[]> {
  const answer: unknown = await (await fetch("people")).json();
  return listOf(answer, "people").map((one) => ({
    username: textOf(one, "username"),
    name: textOf(one, "name"),
    password: textOf(one, "password"),
  }));
}
