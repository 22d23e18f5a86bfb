// Footnote's chat for the clinic's own site: a button at load, a window when somebody opens it, and in it all that has to
// be there when the server is not. The conversation itself comes with the first opening (widget-talk.js); before that
// nothing is asked for and nothing is kept. The server puts the clinic's words and the style in as it sends the file.
(() => {
  "use strict";
  const BAKED = __CLINIC__;
  const STYLE = __STYLE__;

  // Taken early: what runs on the page later may put something else in their place.
  const { document, customElements, HTMLElement, CSSStyleSheet, CustomEvent, URL, JSON, Object } = window;
  const { setTimeout, clearTimeout, matchMedia, visualViewport, getComputedStyle, fetch } = window;

  const script = document.currentScript ?? document.querySelector('script[src*="/widget."]');
  const data = script.dataset;
  // A pinned file is the same for everybody; what the clinic says of itself stands in its tag.
  const CLINIC = BAKED ?? JSON.parse(data.clinic);
  const T = CLINIC.texts;
  const base = data.server ? new URL(data.server.replace(/\/*$/, "/")).href : new URL(".", script.src).href;
  const choice = (name) => data[name] || CLINIC[name];
  const isOn = (name) => (name in data ? data[name] !== "false" : CLINIC[name]);
  const target = choice("target");

  // A tag that stands on the page twice is one chat; a page that was exchanged under it gets it back.
  const mark = Symbol.for(`footnote ${base} ${target}`);
  if (window[mark]) return window[mark]();

  // Only one language is in the file: another is another file.
  const wanted = data.language === "auto" ? document.documentElement.lang.slice(0, 2).toLowerCase() : data.language;
  if (BAKED && wanted && wanted !== CLINIC.language && CLINIC.languages.includes(wanted) && !data.again) {
    const other = document.createElement("script");
    for (const name of Object.keys(data)) other.dataset[name] = data[name];
    other.dataset.again = "";
    other.nonce = script.nonce;
    other.referrerPolicy = script.referrerPolicy;
    other.crossOrigin = script.crossOrigin;
    other.src = `${base}widget.js?language=${wanted}`;
    script.after(other);
    return;
  }
  window[mark] = () => chat.isConnected || put();

  /** The address of a script, for pages whose policy asks for more than a text. */
  const trusted = (address) =>
    window.trustedTypes?.createPolicy("footnote", { createScriptURL: (given) => given }).createScriptURL(address) ??
    address;

  // ---- Elements. Whatever is said goes in as text; nothing is ever read as HTML.

  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (typeof value === "function") node.addEventListener(name, value);
      else if (value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child));
    return node;
  };

  const icon = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS(svg.namespaceURI, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };

  const heard = (text) => make("span", { class: "heard" }, `${text} `);
  /** A text's paragraphs, with links to the clinic in them. */
  const lines = (text) =>
    text.split("\n").map((line) => {
      const said = CLINIC.said[line.trim()] ?? line.trim();
      return said && make("p", { dir: "auto" }, ...linked(said));
    });
  const button = (name, click, ...content) => make("button", { type: "button", class: name, click }, ...content);

  // ---- Colour: the clinic's own, moved towards black or white until it can be read on our surfaces (WCAG 2, 4.5:1).

  const bytes = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const linear = (byte) => (byte /= 255) <= 0.04045 ? byte / 12.92 : ((byte + 0.055) / 1.055) ** 2.4;
  const luminance = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]) + 0.05;
  const contrast = (one, other) => {
    const ratio = luminance(one) / luminance(other);
    return ratio < 1 ? 1 / ratio : ratio;
  };
  const BLACK = [0, 0, 0];
  const WHITE = [255, 255, 255];
  const shade = (colour, end, surface) => {
    for (let step = 0; step < 100; step++) {
      const moved = colour.map((byte, at) => Math.round(byte + ((end[at] - byte) * step) / 100));
      if (contrast(moved, surface) >= 4.5) return moved;
    }
    return end;
  };

  /** Dress the chat in the page's own scheme: dark only where the page itself is. */
  const dress = () => {
    const scheme = getComputedStyle(document.documentElement).colorScheme;
    const dark = /dark/.test(scheme) && (!/light/.test(scheme) || matchMedia("(prefers-color-scheme: dark)").matches);
    const own = /^#[\da-f]{6}$/i.test(data.colour) ? data.colour : CLINIC.colour;
    const accent = dark ? shade(bytes(own), WHITE, [42, 46, 49]) : shade(bytes(own), BLACK, [241, 238, 232]);
    section.classList.toggle("dark", dark);
    section.style.setProperty("--accent", `rgb(${accent})`);
    section.style.setProperty(
      "--on-accent",
      contrast(accent, WHITE) >= contrast(accent, BLACK) ? "#fff" : "#000",
    );
  };

  const anchor = (href, newTab, ...content) =>
    make("a", { href, ...(newTab ? { target: "_blank", rel: "noopener" } : {}) }, ...content);

  const call = (phone, said = phone) => anchor(`tel:${phone.replace(/[^\d+]/g, "")}`, false, said);
  const mail = (address) => anchor(`mailto:${encodeURI(address)}`, false, address);
  const book = (address) => anchor(address, true, T.book_online, heard(` (${T.new_tab})`));

  /** A line with its ways to reach the clinic as links; what is an address and nothing else is one too. */
  const linked = (line) => {
    const { phone, email, booking } = CLINIC.contact;
    if (/^https:\/\/\S+$/.test(line) && line !== booking) return [anchor(line, true, line)];
    return line.split(" · ").flatMap((part, at) => [
      at ? " · " : "",
      ...(part && part === email
        ? [mail(part)]
        : part && part === booking
          ? [book(part)]
          : phone && `${part} `.startsWith(`${phone} `) // the opening hours may follow
            ? [call(phone), part.slice(phone.length)]
            : [part]),
    ]);
  };

  const emergency = () => {
    const phone = CLINIC.emergency;
    const [before, after] = (phone ? T.emergency_call : T.emergency).split("{number}");
    return make("p", { class: "emergency", dir: "auto" }, before, phone && call(phone), after);
  };

  /** How to reach the clinic, as it stood when the page was loaded: it is there when the server is not. */
  const contact = () => {
    const { phone, email, booking, hours, address: street } = CLINIC.contact;
    const ways = [
      [T.call, phone && call(phone)],
      [T.book, booking && book(booking)],
      [T.open, hours],
      [T.write, email && mail(email)],
      [T.visit, street],
    ];
    const rows = ways
      .filter((way) => way[1])
      .map(([name, way]) => make("li", null, make("span", { class: "way" }, name), make("span", { dir: "auto" }, way)));
    return make(
      "div",
      { class: "contact" },
      rows[0] && make("p", { class: "name" }, T.contact),
      rows[0] && make("ul", null, ...rows),
      emergency(),
    );
  };

  // ---- The window.

  const sheet = matchMedia("(max-width: 30em), (max-height: 28em)");
  const touch = matchMedia("(pointer: coarse)");
  let panel, scroll, log, status, offers, input, clearing, launcher, talk, loading, waiting;
  let isOpen = false;

  const suggest = (name, questions) =>
    offers.replaceChildren(
      questions.length ? make("p", null, name) : "",
      ...questions.map((question) => button("offer", () => ask(question), make("span", { dir: "auto" }, question))),
    );

  /** What is said when the server cannot be asked: how to reach the clinic all the same. */
  const trouble = (again) => [
    ...lines(T.down),
    contact(),
    button("plain", again, T.again),
  ];

  const searching = () => status.replaceChildren(make("p", { class: "searching" }, T.searching));
  const rest = () => (touch.matches ? scroll : input).focus({ preventScroll: true, focusVisible: !touch.matches });

  /** Fetch the conversation, once. */
  const load = () => {
    if (loading) return;
    const tag = make("script", { crossorigin: "anonymous" });
    const done = () => {
      clearTimeout(never);
      tag.remove();
      if (loading !== tag) return;
      talk = tag.footnote.talk;
      status.replaceChildren();
      if (talk) {
        if (waiting) talk.ask(waiting);
        waiting = null;
        return;
      }
      loading = null;
      input.value ||= waiting ?? "";
      status.replaceChildren(
        ...trouble(() => {
          searching();
          load();
        }).filter((node) => node),
      );
    };
    const never = setTimeout(done, 15000);
    loading = tag;
    tag.nonce = script.nonce;
    if (!BAKED) tag.integrity = CLINIC.integrity;
    tag.footnote = {
      ...{ CLINIC, T, base, choice, make, heard, lines, linked, button, anchor, call, emergency, contact },
      ...{ trouble, searching, suggest, rest, wear, root, section, scroll, log, status, input, clearing, sheet, touch, fetch, open, close, tell },
    };
    tag.src = trusted(`${base}widget-talk.js?v=${CLINIC.talk}`);
    tag.addEventListener("load", done);
    tag.addEventListener("error", done);
    document.head.append(tag);
  };

  const ask = (text) => {
    const question = `${text ?? ""}`.trim();
    if (!question) return;
    open();
    if (talk) return talk.ask(question);
    waiting = question;
    searching();
    load();
  };

  const build = () => {
    log = make("div", { role: "log", "aria-label": T.conversation });
    status = make("div", { role: "status", class: "status" });
    offers = make("div", { class: "offers" });
    input = make("textarea", {
      rows: "1",
      placeholder: T.question,
      "aria-label": T.question,
      autocomplete: "off",
      enterkeyhint: "send",
      keydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        event.preventDefault();
        ask(input.value);
      },
    });
    scroll = make(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": T.conversation },
      make("p", { class: "greeting", dir: "auto" }, choice("greeting")),
      log,
      status,
      offers,
    );
    clearing = button("tool", () => talk.clear(), icon("M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12"));
    clearing.title = T.clear;
    clearing.setAttribute("aria-label", T.clear);
    clearing.hidden = true;
    const closing = button("tool", () => close(), icon("M6 6l12 12M18 6L6 18"));
    closing.title = T.close;
    closing.setAttribute("aria-label", T.close);
    const parts = [
      make(
        "header",
        null,
        make("h2", { id: "title", dir: "auto" }, choice("title")),
        clearing,
        target ? null : closing,
        make("p", null, T.notice),
      ),
      scroll,
      make(
        "form",
        {
          class: "ask",
          submit: (event) => {
            event.preventDefault();
            ask(input.value);
          },
        },
        input,
        make("button", { class: "send" }, T.send),
      ),
    ];
    panel = make(target ? "div" : "dialog", { class: "panel", "aria-labelledby": "title" }, ...parts);
    if (target) panel.setAttribute("role", "group");
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || target) return;
      event.preventDefault();
      close();
    });
    panel.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
    panel.addEventListener("close", () => panel.open || close());
    section.append(panel);
    // Where the window stands open by itself, the first touch of it is the visitor's opening.
    for (const type of ["focusin", "pointerdown"]) panel.addEventListener(type, load, { once: true });
    suggest(T.starters, CLINIC.starters);
  };

  /** Keep a full screen within what the on-screen keyboard leaves. */
  const fit = () => {
    panel.style.setProperty("--height", `${visualViewport.height}px`);
    panel.style.setProperty("--top", `${visualViewport.offsetTop}px`);
  };

  const lay = () => {
    if (sheet.matches) panel.showModal();
    else panel.open = true; // unlike show(), this leaves the focus where it is
  };

  const open = (quietly) => {
    if (!panel) build();
    if (isOpen || target) return;
    isOpen = true;
    dress();
    launcher.setAttribute("aria-expanded", "true");
    section.classList.add("open");
    if (visualViewport) fit();
    lay();
    if (quietly !== true) {
      load();
      rest();
    }
    tell("open");
  };

  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    const inside = root.activeElement;
    panel.close();
    section.classList.remove("open");
    launcher.setAttribute("aria-expanded", "false");
    if (inside) launcher.focus({ preventScroll: true });
    tell("close");
  };

  // ---- The element.

  const tell = (name, detail) =>
    chat.dispatchEvent(new CustomEvent(`footnote:${name}`, { bubbles: true, composed: true, detail }));

  class Chat extends HTMLElement {
    open() {
      open();
    }

    close() {
      close();
    }

    ask(question) {
      ask(question);
    }
  }

  let name = "footnote-chat";
  while (customElements.get(name)) name += "-";
  customElements.define(name, Chat);
  const chat = new Chat();
  const root = chat.attachShadow({ mode: "open" });
  const section = make("section", { "aria-label": choice("title"), lang: CLINIC.language, dir: CLINIC.dir });
  /** Add a style that a strict policy of the page has no say in; where the browser cannot, one with the page's nonce. */
  const wear = (text) => {
    try {
      const style = new CSSStyleSheet();
      style.replaceSync(text);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, style];
    } catch {
      const style = make("style", null, text);
      style.nonce = script.nonce;
      root.append(style);
    }
  };
  wear(STYLE);
  root.append(section);
  // Shortcuts of the page are not for what is typed here, and its own windows must not fetch the focus back.
  for (const type of ["keydown", "keypress", "keyup", "focusin"]) {
    section.addEventListener(type, (event) => event.stopPropagation());
  }

  const put = () => {
    const place = target ? document.querySelector(target) : document.body;
    if (!place) return console.warn(`Footnote: no element matches ${target}`);
    place.append(chat);
    if (target) return;
    // Above whatever the page piles up, where the browser can.
    chat.popover = "manual";
    chat.showPopover?.();
  };

  const start = () => {
    section.classList.add(target ? "inline" : choice("position") || (CLINIC.dir === "rtl" ? "left" : "right"));
    if (target) {
      chat.className = "inline";
    } else {
      launcher = button(
        "launcher",
        open,
        icon("M6 6h5v5c0 4-1.500 6-4 7M14 6h5v5c0 4-1.500 6-4 7"),
        make("span", null, make("b", null, T.launcher), make("small", null, T.automatic)),
      );
      launcher.setAttribute("aria-haspopup", "dialog");
      launcher.setAttribute("aria-expanded", "false");
      section.append(launcher);
    }
    dress();
    put();
    if (target) open();
    else if (isOn("open") && !sheet.matches) open(true);
    window.Footnote ??= { open: () => chat.open(), close: () => chat.close(), ask: (question) => chat.ask(question) };
  };

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dress());
  sheet.addEventListener("change", () => {
    if (!isOpen) return;
    const at = root.activeElement;
    panel.close();
    lay();
    at?.focus({ preventScroll: true });
  });
  for (const type of ["resize", "scroll"]) visualViewport?.addEventListener(type, () => isOpen && fit());

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
